"""The rivals: ways to say a trained network in a file of the size asked for. None is trained again.

| rival | grid | its steps | calibration |
|---|---|---|---|
| nearest | a step a channel | the channel's largest weight over one q | – |
| uniform | a step a layer | share of the layer's norm | – |
| k-means | one codebook of pairs of outputs | share of the layer's norm | – |
| e8 | the lattice E8 over eight outputs | share of the layer's norm | – |
| gptq | as nearest | as nearest | feedback |
| uniform + feedback | as uniform | by what they spoil | refit, feedback |
| k-means + feedback | as k-means | as k-means | refit, feedback |
| e8 + feedback | as e8 | by what they spoil | refit, feedback |

Each has one number to choose, which `fitting` makes as fine as the size of the file allows.

Share of the layer's norm: if a layer spoils the output in proportion to its relative squared error
n D² / 12 ‖W‖², of n weights and step D, then for a given number of bits the least is spoilt by
steps D = s ‖W‖ in all layers. By what they spoil: the squared error of the logits that a trial step
in one layer makes on the calibration images, over n and the squared step, takes the place of
1 / ‖W‖². Refit: weights are first fitted to what the quantised layers before give (`refitted`).
"""

import dataclasses

import numpy as np

import feedback
import files
import networks
from quantisers import Codebook, Lattice, Uniform, k_means, short

# Of the mean diagonal of H, as in the paper.
DAMPING = 0.01
# Of the layer's norm: the step at which it is measured what a layer spoils.
TRIAL = 0.02
# Outputs in a word of a codebook.
PAIR = 2


class Calibration:
    """Images, and what layers and network give on them."""

    def __init__(self, network, images):
        self.network, self.images, self.first = network, images, {}
        self.convolutions = [node for node in network.nodes if node.what == "conv"]
        self.wanted = [self.seen(network, number)[0] @ layer.weights.astype(np.float64)
                       for number, layer in enumerate(network.layers)]
        self.logits = network.logits(images)

    def seen(self, network, number):
        """Features of a layer in a network of the same architecture, and their Gram matrix."""
        node = self.convolutions[number]
        if node.inputs[0] == 0 and number in self.first:
            return self.first[number]  # What the images show is the same in all networks.
        features = networks.features(network.run(self.images, node.inputs[0]), node.window)
        made = features, features.T @ features
        if node.inputs[0] == 0:
            self.first[number] = made
        return made

    def spoilt(self, network):
        """The mean squared error of a network's logits."""
        return float(((network.logits(self.images).astype(np.float64) - self.logits) ** 2).mean())


def norms(network):
    return [float(np.sqrt((layer.weights.astype(np.float64) ** 2).sum())) for layer in network.layers]


def plainly(network, quantiser):
    """Each layer (its number, quantiser) rounded by itself: the list of (quantiser, codes)."""
    return [(q := quantiser(number), q.codes(layer.weights.astype(np.float64)))
            for number, layer in enumerate(network.layers)]


def with_feedback(network, quantiser, calibration, refit):
    """Layer by layer with feedback, each on what the quantised layers before it give."""
    made, quantised = network, []
    for number in range(len(network.layers)):
        quantised.append(one_with_feedback(made, number, quantiser(number), calibration, refit))
        made = replacing(made, number, *quantised[-1])
    return quantised


def replacing(network, number, quantiser, codes):
    """The network with one layer's weights those of codes."""
    layers = list(network.layers)
    values = quantiser.values(codes)[:, :layers[number].weights.shape[1]]
    layers[number] = networks.Layer(values, layers[number].bias)
    return network.replacing(layers)


def one_with_feedback(network, number, quantiser, calibration, refit):
    """One layer of a network whose layers before it are quantised: (quantiser, codes)."""
    weights = calibration.network.layers[number].weights.astype(np.float64)
    seen, gram = calibration.seen(network, number)
    if refit:
        weights = feedback.refitted(weights, seen, gram, calibration.wanted[number], DAMPING)
    hessian = feedback.damped(gram, DAMPING)

    def quantise(row):
        codes = quantiser.codes(row)
        return codes, quantiser.values(codes)[:, :row.shape[1]].astype(np.float64)

    return quantiser, feedback.cholesky(weights, hessian, quantise, feedback.order_of(hessian))


def steps_by_spoiling(network, quantiser, calibration):
    """For each layer the step, up to a common factor, at which all spoil alike for a bit more."""
    steps = []
    for number, (layer, norm) in enumerate(zip(network.layers, norms(network))):
        coded = one_with_feedback(network, number, quantiser(TRIAL * norm), calibration, False)
        spoilt = calibration.spoilt(replacing(network, number, *coded)) / (layer.weights.size * (TRIAL * norm) ** 2)
        steps.append(spoilt ** -0.5 if spoilt > 0 else norm)
    return steps


def fitting(make, bytes_allowed, start, weights, rounds=12):
    """What `make` (of a step) gives whose bytes, its first, are at most so many and nearly as many;
    None where none is found. The step is moved by what a bit a weight is worth, then
    interpolated."""
    step, fits, too_large, best = start, None, None, None
    for _ in range(rounds):
        made = make(step)
        excess = len(made[0]) - bytes_allowed
        if excess > 0:
            too_large = step
        else:
            fits = step
            if best is None or len(made[0]) > len(best[0]):
                best = made
            if excess >= -max(1, bytes_allowed // 1000):
                break
        guess = step * 2 ** (8 * (excess + 0.5) / weights)
        if fits and too_large:
            inside = too_large * (fits / too_large) ** 0.1 <= guess <= too_large * (fits / too_large) ** 0.9
            step = guess if inside else (fits * too_large) ** 0.5
        else:
            step = min(max(guess, step / 8), step * 8)
    return best


@dataclasses.dataclass(frozen=True)
class Rival:
    name: str
    method: str
    calibrated: bool = False
    refit: bool = False
    spoiling: bool = False

    def file(self, network, bytes_allowed, calibration=None, seed=1):
        """The bytes of a file of at most so many and the network that it stands for, or None where
        the method has no such file. Calibrated rivals need a `Calibration`; the seed is that of
        k-means."""
        grid = {"uniform": Uniform, "lattice": Lattice}.get(self.method)
        shares = norms(network)
        if self.spoiling:
            shares = steps_by_spoiling(network, lambda step: grid(short(step)), calibration)
            scale = float(np.median(np.array(norms(network)) / shares))
            shares = [scale * share for share in shares]

        def made(quantiser):
            quantised = with_feedback(network, quantiser, calibration, self.refit) if self.calibrated \
                else plainly(network, quantiser)
            return files.encode(network, self.method, quantised), files.decoded(network, quantised)

        if self.method == "codebook":
            return self.codebook(network, bytes_allowed, made, seed)
        if self.method == "channels":
            grid, start, shares = Uniform, 0.2, [np.abs(layer.weights).max(0) for layer in network.layers]
        else:
            start = 0.02
        return fitting(lambda s: made(lambda n: grid(short(s * shares[n]))), bytes_allowed, start, network.count)

    def codebook(self, network, bytes_allowed, made, seed):
        """As many words as fit; a layer's scale is its root mean square."""
        scales = [short(norm / layer.weights.size ** 0.5) for norm, layer in zip(norms(network), network.layers)]
        vectors = np.concatenate([
            np.pad(layer.weights / scale, ((0, 0), (0, layer.weights.shape[1] % PAIR))).reshape(-1, PAIR)
            for layer, scale in zip(network.layers, scales)]).astype(np.float64)
        best, low, high = None, 1, min(len(vectors), 4096)
        while high - low > 1:
            middle = round((low * high) ** 0.5) if high > 2 * low else (low + high) // 2
            middle = min(max(middle, low + 1), high - 1)
            book = k_means(vectors, middle, seed)
            coded = made(lambda n: Codebook(scales[n], book))
            if len(coded[0]) <= bytes_allowed:
                low, best = middle, coded
            else:
                high = middle
        return best


RIVALS = [
    Rival("nearest", "channels"), Rival("uniform", "uniform"), Rival("k-means", "codebook"), Rival("e8", "lattice"),
    Rival("gptq", "channels", calibrated=True),
    Rival("uniform + feedback", "uniform", calibrated=True, refit=True, spoiling=True),
    Rival("k-means + feedback", "codebook", calibrated=True, refit=True),
    Rival("e8 + feedback", "lattice", calibrated=True, refit=True, spoiling=True),
]
