"""Finds the Chromium the tests open mails in; ``--install`` fetches Debian's where there is none."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of a Chromium: what CHROMIUM names, else the first on the PATH."""
    return os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    """Say what is missing and how it is mended; as root on Debian, mend it."""
    if found := find():
        print(f"Chromium: {found}")
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(
            "The tests open mails in Chromium, and there is none. Install it, or name it: CHROMIUM=/path make test"
        )
    print("No Chromium here: installing Debian's packages chromium, fonts-noto-core and fonts-liberation.")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    packages = ["chromium", "fonts-noto-core", "fonts-liberation"]
    for command in (["update", "-qq"], ["install", "-y", "-qq", *packages]):
        subprocess.run(["apt-get", *command], check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603, S607


if __name__ == "__main__" and "--install" in sys.argv:
    install()
