"""The bar is on stderr, and nothing is on stdout."""

from __future__ import annotations

from coefficacy.sampling import Snapshot, progress_bar


def test_the_bar_says_what_is_done_on_stderr_only(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress_bar() as progress:
        progress(Snapshot("compile"))
        progress(Snapshot("sample", done=50, total=200, divergences=3))
    out, err = capsys.readouterr()
    assert out == ""
    assert "sampling, 3 divergences" in err
    assert "25%" in err


def test_where_stderr_is_no_terminal_nothing_is_drawn(capsys, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with progress_bar() as progress:
        progress(Snapshot("sample", done=50, total=200))
    assert "".join(capsys.readouterr()).strip() == ""
