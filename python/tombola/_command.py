"""The command `tombola`, which comes with the wheel."""

import os
import sys
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    """Becomes the command, a program of its own beside this file, with this process's arguments."""
    program = Path(__file__).parent / "bin" / "tombola"
    if not program.exists():
        sys.exit(f"{program}: expected the command that wheels hold, found no such file")
    os.execv(program, ["tombola", *sys.argv[1:]])


if __name__ == "__main__":
    main()
