"""Where Chromium is: Debian's package, installed with apt where it is missing and we are root."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from deploy.packages import need

CHINESE_FONT = "fonts-wqy-zenhei"


@cache
def executable() -> str:
    """The path of Chromium, with a font for Chinese. Raises DeployError saying what to install."""
    path = need("chromium", "chromium", "打开网页的测试 (tests that open the page)")
    fonts = need("fc-list", "fontconfig", "列出字体 (to list fonts)")
    listed = subprocess.run([fonts, ":lang=zh", "family"], capture_output=True, text=True, check=False).stdout
    if not listed.strip():
        need("wqy-zenhei-font", CHINESE_FONT, "中文字体 (a Chinese font)", proof=_has_chinese_font)
    return path


def _has_chinese_font() -> str | None:
    """Something that proves the font is there: a program of that package does not exist, its file does."""
    found = next(Path("/usr/share/fonts").rglob("wqy-zenhei*"), None)
    return str(found) if found else None
