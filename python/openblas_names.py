#!/usr/bin/env python3
"""scipy-openblas32 under OpenBLAS's usual names.

Its functions are called scipy_cblas_sgemm and so on. Usage: openblas_names.py FOLDER makes
libopenblas.so.0 and liblapacke.so.3 there, whose functions jump to those: a program built for
Debian's OpenBLAS runs on it with LD_LIBRARY_PATH=FOLDER.
"""

import shutil
import subprocess
import sys
from pathlib import Path

PREFIX = "scipy_"


def run(*words, **options):
    """A program's standard output; its failure ends the build."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{Path(sys.argv[0]).name}: {words[0]} exited with {done.returncode}")
    return done.stdout


def symbols(library, option):
    """Names of a library's dynamic symbols."""
    return {line.split()[-1].split("@")[0] for line in run("nm", "-D", option, library).splitlines()}


def library():
    """The shared library that the package holds."""
    import scipy_openblas32

    return Path(scipy_openblas32.get_lib_dir()) / "libscipy_openblas.so"


def jumps(names, folder, hidden):
    """An object file of functions that jump to the prefixed ones of their names."""
    hide = "  .hidden {0}\n" if hidden else ""
    one = "  .globl {0}\n" + hide + "  .type {0}, @function\n{0}:\n  endbr64\n  jmp " + PREFIX + "{0}@PLT\n"
    text = "  .text\n" + "".join(one.format(name) for name in names)
    (folder / "names.s").write_text(text + '  .section .note.GNU-stack,"",@progbits\n')
    run("cc", "-c", folder / "names.s", "-o", folder / "names.o")
    return folder / "names.o"


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    openblas = library()
    shutil.copy(openblas, folder)
    prefixed = symbols(openblas, "--defined-only")
    names = sorted(name[len(PREFIX) :] for name in prefixed if name.startswith(PREFIX))
    made = jumps(names, folder, hidden=False)
    for name, objects in (("libopenblas.so.0", [made]), ("liblapacke.so.3", [])):
        run(
            "cc", "-shared", "-nostdlib", "-Wl,-soname," + name, "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed",
            "-o", folder / name, *objects, "-L", folder, "-lscipy_openblas",
        )  # fmt: skip


if __name__ == "__main__":
    main()
