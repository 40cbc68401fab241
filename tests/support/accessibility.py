"""What axe-core has to say of a page."""

from __future__ import annotations


def serious_violations(page) -> dict[str, list[object]]:  # type: ignore[no-untyped-def]
    """Return rules that are violated seriously or critically, each with the first elements it is about."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return {
        one["id"]: [node["target"] for node in one["nodes"][:3]]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
