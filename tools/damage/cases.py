"""One case: a damaged file of a format, and a command that reads it."""

import os
import shutil

from . import arrays, coded, extremes, onnx, safetensors, stores


class Case:
    """A file that was written, and the arguments of the run that reads it."""

    def __init__(self, file, arguments, is_long=False):
        self.file = file
        self.arguments = arguments
        # Whether a valid file may ask the command for seconds of honest work.
        self.is_long = is_long


def put(folder, name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
    return name


def onnx_case(rng, seeds, folder):
    file = put(folder, "damaged.onnx", onnx.damaged(rng, rng.choice(seeds.networks)))
    return Case(
        file,
        rng.choice(
            [
                ["info", file, "--json"],
                ["info", file],
                [
                    "prune",
                    file,
                    "--width",
                    "8",
                    "--seed",
                    "1",
                    "--work-limit",
                    "20000",
                    "--memory-limit",
                    "400M",
                    "--json",
                    "-o",
                    "out.safetensors",
                ],
                ["verify", seeds.path("ticket.safetensors"), "--target", file, "--json"],
            ]
        ),
        is_long=True,
    )


def images_case(rng, seeds, folder):
    file = put(folder, "damaged.npz", arrays.npz_damaged(rng, seeds.images))
    return Case(
        file,
        rng.choice(
            [
                ["info", file, "--json"],
                [
                    "verify",
                    seeds.path("ticket.safetensors"),
                    "--target",
                    seeds.path("target.onnx"),
                    "--data",
                    file,
                    "--json",
                ],
                [
                    "prune",
                    seeds.path("target.onnx"),
                    "--width",
                    "20",
                    "--seed",
                    "1",
                    "--mode",
                    "calibrated",
                    "--calibration",
                    file,
                    "--json",
                    "-o",
                    "out.safetensors",
                ],
            ]
        ),
    )


def problem_case(rng, seeds, folder):
    scaled = rng.random() < 0.3
    file = put(
        folder,
        "damaged.npz",
        arrays.npz_damaged(rng, seeds.scaled_problem if scaled else seeds.problem),
    )
    limits = ["--work-limit", "100000", "--json"]
    return Case(
        file,
        rng.choice(
            [
                ["info", file, "--json"],
                ["solve", file, *limits],
                ["solve-batch", file, *limits],
                [
                    "solve",
                    file,
                    "--solver",
                    rng.choice(
                        [
                            "greedy",
                            "exchange",
                            "beam",
                            "k-list",
                            "rounding",
                            "meet-in-the-middle",
                            "cell-sweep",
                        ]
                    ),
                    "--size",
                    "3",
                    *limits,
                ],
                [
                    "solve",
                    file,
                    "--norm",
                    rng.choice(["l2", "metric", "row-sums", "row-sums-larger"]),
                    *limits,
                ],
            ]
        ),
        is_long=True,
    )


def npy_case(rng, seeds, folder):
    file = put(folder, "damaged.npy", arrays.npy_damaged(rng, seeds.array))
    return Case(file, ["info", file, "--json"])


def safetensors_case(rng, seeds, folder):
    file = put(folder, "damaged.safetensors", safetensors.damaged(rng, seeds.weights))
    return Case(
        file,
        rng.choice([["info", file, "--json"], ["info", file], ["export", file, "-o", "out.npz"]]),
    )


def ticket_case(rng, seeds, folder):
    file = put(folder, "damaged.safetensors", safetensors.ticket_damaged(rng, seeds.ticket))
    target = seeds.path("target.onnx")
    return Case(
        file,
        rng.choice(
            [
                ["info", file, "--json"],
                ["verify", file, "--target", target, "--json"],
                ["verify", file, "--target", target, "--data", seeds.path("images.npz"), "--json"],
                ["verify", file, "--target", target, "--replay", "--json"],
                ["export", file, "-o", "out." + rng.choice(["onnx", "npz", "safetensors"])],
                ["export", file, "--collapsed", "-o", "out.npz"],
                ["compare", file, "--target", target, "--json"],
            ]
        ),
        is_long=True,
    )


def coded_case(rng, seeds, folder):
    file = put(folder, "damaged.tombola", coded.damaged(rng, seeds.coded))
    target = seeds.path("target.onnx")
    return Case(
        file,
        rng.choice(
            [
                ["info", file, "--json"],
                ["info", file],
                ["unpack", file, "-o", "out.safetensors", "--json"],
                ["pack", file, "--without-claims", "-o", "out.tombola", "--json"],
                ["verify", file, "--target", target, "--json"],
                ["export", file, "-o", "out.npz"],
                ["compare", file, "--target", target, "--json"],
                ["run", file, "--data", seeds.path("images.npz"), "-o", "out.npz", "--json"],
            ]
        ),
        is_long=True,
    )


def checkpoint_case(rng, seeds, folder):
    file = put(folder, "damaged.checkpoint", safetensors.ticket_damaged(rng, seeds.checkpoint))
    return Case(
        file,
        [
            "prune",
            seeds.path("target.onnx"),
            "--width",
            "20",
            "--seed",
            "1",
            "--checkpoint",
            file,
            "--resume",
            "--json",
            "-o",
            "out.safetensors",
        ],
    )


def idx_case(rng, seeds, folder):
    images, labels = (seeds.pixels, False), (seeds.labels, False)
    if rng.random() < 0.7:
        images = arrays.idx_damaged(rng, seeds.pixels)
    else:
        labels = arrays.idx_damaged(rng, seeds.labels)
    os.mkdir(os.path.join(folder, "images"))
    names = []
    for stem, (data, is_packed) in (
        ("t10k-images-idx3-ubyte", images),
        ("t10k-labels-idx1-ubyte", labels),
    ):
        names.append(put(folder, f"images/{stem}{'.gz' if is_packed else ''}", data))
    return Case(
        "images",
        rng.choice(
            [
                ["info", names[0], "--json"],
                ["info", names[1]],
                [
                    "verify",
                    seeds.path("gray.safetensors"),
                    "--target",
                    seeds.path("gray.onnx"),
                    "--data",
                    "images",
                    "--json",
                ],
                [
                    "verify",
                    seeds.path("gray.safetensors"),
                    "--target",
                    seeds.path("gray.onnx"),
                    "--data",
                    "images",
                    "--scale",
                    "0.001,0",
                    "--json",
                ],
            ]
        ),
    )


def toml_case(rng, seeds, folder):
    file = put(folder, "damaged.toml", stores.toml_damaged(rng, stores.SPECIFICATION))
    return Case(
        file,
        ["sweep", file, "--store", "out.sqlite", "--time-limit", "0.5", "--json"],
        is_long=True,
    )


def figures_case(rng, seeds, folder):
    file = put(folder, "damaged.json", stores.figures_damaged(rng, seeds.figures))
    if shutil.which("gnuplot", path=seeds.environment["PATH"]) and rng.random() < 0.4:
        kind = rng.choice(["accuracy", "size", "layers", "filters"])
        return Case(file, ["plot", file, "--kind", kind, "-o", "out.svg"])
    return Case(file, ["report", file, "-o", "out.html"])


def store_case(rng, seeds, folder):
    file = "damaged.sqlite"
    stores.store_damaged(rng, seeds.path("results.sqlite"), os.path.join(folder, file))
    return Case(
        file,
        rng.choice(
            [
                ["table", file, "--jsonl"],
                ["table", file, "--jsonl", "--cells"],
                ["table", file, "--thresholds"],
                ["table", file, "--csv"],
                ["report", file, "-o", "out.html"],
                ["merge", "out.sqlite", file, seeds.path("results.sqlite")],
                [
                    "bounds",
                    "--kernel",
                    "1",
                    "--channels-in",
                    "1",
                    "--channels-out",
                    "2",
                    "--layers",
                    "1",
                    "--epsilon",
                    "0.1",
                    "--store",
                    file,
                    "--json",
                ],
                ["sweep", seeds.path("sweep.toml"), "--store", file, "--resume", "--json"],
            ]
        ),
    )


FORMATS = {
    "onnx": onnx_case,
    "images": images_case,
    "problem": problem_case,
    "npy": npy_case,
    "safetensors": safetensors_case,
    "ticket": ticket_case,
    "coded": coded_case,
    "checkpoint": checkpoint_case,
    "idx": idx_case,
    "toml": toml_case,
    "json": figures_case,
    "sqlite": store_case,
}
