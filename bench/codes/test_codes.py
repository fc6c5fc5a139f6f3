#!/usr/bin/env python3
"""Tests of the rivals' codes, on small random networks: seconds."""

import os
import pathlib
import tempfile
import unittest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

import bits  # noqa: E402
import feedback  # noqa: E402
import files  # noqa: E402
import networks  # noqa: E402
import quantisers  # noqa: E402
import rivals  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


def small_network(seed=1):
    """Two convolutions around an addition, pooling, a dense layer: 3 channels of 6x5 to 4
    classes."""
    generator = np.random.default_rng(seed)
    shapes = [(27, 10), (90, 10), (30, 4)]
    layers = [networks.Layer(generator.laplace(0, 0.3, shape).astype(np.float32),
                             generator.normal(0, 0.1, shape[1]).astype(np.float32) if place else None)
              for place, shape in enumerate(shapes)]
    text = ("3x6x5\nconv 3x3+1,1,1,1 3 10\nrelu\nconv 3x3+1,1,1,1 10 10\nadd\t1 2\nrelu\npool 2x2/2x2\n"
            "conv 3x1 10 4")
    # 6x5 pools to 3x2: the last layer's window is 3x1, and both columns are averaged.
    text += "\naverage"
    return networks.Network.read(text.encode()).replacing(layers)


def images(count=40, seed=2):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 3, 6, 5)).astype(np.float32)


class Bits(unittest.TestCase):
    def test_what_is_coded_is_decoded(self):
        generator = np.random.default_rng(3)
        for scale in (0, 0.3, 4, 1e6):
            values = [int(v) for v in np.rint(generator.laplace(0, scale, 500))] + [0, 2 ** 31, -2 ** 31]
            encoder, model = bits.Encoder(), bits.Integers()
            for value in values:
                self.assertEqual(model.code(encoder, value), value)
            bits.plain(encoder, 0xBEEF, 16)
            data = encoder.finish()
            decoder, model = bits.Decoder(data), bits.Integers()
            self.assertEqual([model.code(decoder) for _ in values], values)
            self.assertEqual(bits.plain(decoder, 0, 16), 0xBEEF)

    def test_certain_bits_cost_nothing_and_adaptive_ones_their_entropy(self):
        encoder = bits.Encoder()
        for _ in range(1000):
            encoder.code(1, 1, 1)
            encoder.code(0, 0, 5)
        self.assertLessEqual(len(encoder.finish()), 1)
        generator, encoder, cell = np.random.default_rng(4), bits.Encoder(), bits.Cell()
        drawn = (generator.random(20000) < 0.1).astype(int)
        for bit in drawn:
            cell.code(encoder, int(bit))
        share = drawn.mean()
        entropy = -len(drawn) * (share * np.log2(share) + (1 - share) * np.log2(1 - share))
        self.assertLess(8 * len(encoder.finish()), entropy + 0.5 * np.log2(len(drawn)) + 16)

    def test_a_code_that_ends_too_early_is_an_error(self):
        decoder = bits.Decoder(b"")
        with self.assertRaises(ValueError):
            for _ in range(200):
                bits.plain(decoder, 0, 8)

    def test_the_coder_and_the_texts_model_are_those_of_coded_tickets(self):
        # The 60 lines that read coded tickets hold the same decoder: its lines, run on these bytes.
        reader = (ROOT / "docs/read_coded_ticket.py").read_text()
        encoder, text = bits.Encoder(), b"3x6x5\nconv 3x3+1,1,1,1 3 10\tx\nrelu\n"
        bits.Text.primed(files.EXAMPLE).code(encoder, text)
        code = iter(encoder.finish())
        body = reader[reader.index("span, offset ="):reader.index("lines = text")]
        names = {"example": files.EXAMPLE, "code": code, "span": 0, "offset": 0}
        exec("import json, struct\n" + body, names)
        self.assertEqual(names["text"][4 + len(files.EXAMPLE):-1], text)


class Feedback(unittest.TestCase):
    def problem(self, rows=24, outputs=6, seed=5):
        generator = np.random.default_rng(seed)
        seen = generator.normal(size=(200, rows)) @ generator.normal(size=(rows, rows))
        seen[:, 7] = 0  # a feature that is never there
        gram = seen.T @ seen
        return generator.normal(size=(rows, outputs)), gram, feedback.damped(gram, 0.01)

    def test_cholesky_is_greedy(self):
        """The paper's identity: factoring once gives what eliminating row by row gives."""
        for seed, quantiser in [(5, quantisers.Uniform(0.3)), (6, quantisers.Uniform(0.05)),
                                (7, quantisers.Lattice(0.4))]:
            weights, gram, hessian = self.problem(outputs=9, seed=seed)
            for order in (np.arange(len(weights)), feedback.order_of(hessian)):
                codes = feedback.cholesky(weights, hessian,
                                          lambda row: (quantiser.codes(row), quantiser.values(quantiser.codes(row))),
                                          order)
                values = feedback.greedy(weights, hessian, lambda row: quantiser.values(quantiser.codes(row)), order)
                np.testing.assert_array_equal(quantiser.values(codes), values)

    def test_what_is_not_yet_rounded_is_the_least_squares_answer(self):
        """After some rows are fixed the others are where the squared error is least."""
        weights, _, hessian = self.problem()
        fixed, values = 10, np.round(weights)
        kept = []

        def quantise(row):
            kept.append(row.copy())
            return np.zeros((1, 1), np.int64), (values[[len(kept) - 1]] if len(kept) <= fixed else row)

        feedback.cholesky(weights, hessian, quantise, np.arange(len(weights)))
        error = values[:fixed] - weights[:fixed]
        rest = -np.linalg.solve(hessian[fixed:, fixed:], hessian[fixed:, :fixed] @ error)
        np.testing.assert_allclose(np.concatenate(kept)[fixed], (weights[fixed:] + rest)[0], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(np.concatenate(kept)[fixed:], weights[fixed:] + rest, rtol=1e-9, atol=1e-9)

    def test_feedback_lowers_the_error_that_it_minimises(self):
        weights, gram, hessian = self.problem(rows=40, outputs=8)
        quantiser = quantisers.Uniform(0.5)
        plain = quantiser.values(quantiser.codes(weights)) - weights
        codes = feedback.cholesky(weights, hessian,
                                  lambda row: (quantiser.codes(row), quantiser.values(quantiser.codes(row))),
                                  np.arange(len(weights)))
        fed = quantiser.values(codes) - weights
        self.assertLess(np.trace(fed.T @ gram @ fed), 0.5 * np.trace(plain.T @ gram @ plain))

    def test_a_refit_undoes_what_can_be_undone(self):
        weights, _, _ = self.problem()
        generator = np.random.default_rng(8)
        before = generator.normal(size=(300, 24))
        mixing = np.eye(24) + 0.1 * generator.normal(size=(24, 24))
        seen = before @ mixing
        found = feedback.refitted(weights, seen, seen.T @ seen, before @ weights, 1e-12)
        np.testing.assert_allclose(mixing @ found, weights, atol=1e-8)


class Quantisers(unittest.TestCase):
    def test_nearest_in_e8_is_the_nearest(self):
        """Against all points around: the 240 shortest and the centre, moved by any point."""
        signs = np.array(np.meshgrid(*[[-1, 1]] * 8)).reshape(8, -1).T / 2
        halves = signs[(signs.sum(1) % 2) == 0]
        pairs = [i * a + j * b for n, a in enumerate(np.eye(8)) for b in np.eye(8)[:n]
                 for i in (1, -1) for j in (1, -1)]
        shell = np.concatenate([halves, pairs, np.zeros((1, 8))])
        self.assertEqual(len(shell), 241)
        points = np.random.default_rng(9).uniform(-3, 3, (500, 8))
        nearest = quantisers.nearest_in_e8(points)
        self.assertTrue(np.all(nearest.sum(1) % 2 == 0) and np.all((2 * nearest) % 2 == (2 * nearest[:, :1]) % 2))
        distances = ((points[:, None] - nearest[:, None] - shell[None]) ** 2).sum(2)
        # A point of E8 is nearest where none of its neighbours is nearer.
        np.testing.assert_allclose(distances.min(1), ((points - nearest) ** 2).sum(1), atol=1e-12)
        moments = ((points - nearest) ** 2).mean()
        # E8's second moment (Conway and Sloane 1982).
        self.assertAlmostEqual(moments, 929 / 12960, delta=0.003)

    def test_codes_come_back(self):
        generator = np.random.default_rng(10)
        rows = generator.laplace(0, 1, (30, 11))
        book = quantisers.k_means(generator.normal(size=(200, 2)), 12, 1)
        for quantiser in [quantisers.Uniform(0.3), quantisers.Uniform(generator.uniform(0.1, 1, 11)),
                          quantisers.Uniform(0), quantisers.Lattice(0.5), quantisers.Lattice(0.05),
                          quantisers.Codebook(0.7, book)]:
            codes = quantiser.codes(rows)
            encoder = bits.Encoder()
            quantiser.code(encoder, rows.shape, codes)
            found = quantiser.code(bits.Decoder(encoder.finish()), rows.shape)
            np.testing.assert_array_equal(found, codes)
            self.assertEqual(quantiser.values(codes).dtype, np.float32)
            one = np.concatenate([quantiser.codes(row[None]) for row in rows])
            np.testing.assert_array_equal(one, codes)

    def test_k_means_finds_clusters_and_shorts_are_short(self):
        generator = np.random.default_rng(11)
        centres = np.array([[0, 0], [4, 0], [0, 4], [-3, -3]], float)
        vectors = np.repeat(centres, 50, 0) + generator.normal(0, 0.1, (200, 2))
        book = quantisers.k_means(vectors, 4, 3)
        distances = ((book[:, None] - centres[None]) ** 2).sum(2)
        self.assertTrue(np.all(distances.min(0) < 0.01))
        self.assertTrue(np.all(book.view(np.uint32) & 0xFFFF == 0))
        values = generator.uniform(0, 9, 100).astype(np.float32)
        self.assertTrue(np.all(quantisers.short(values) >= values))
        self.assertTrue(np.all(quantisers.short(values) <= values * (1 + 2 ** -7)))


class Files(unittest.TestCase):
    def test_each_rivals_file_fits_and_comes_back_bit_for_bit(self):
        network = small_network()
        calibration = rivals.Calibration(network, images())
        head = len(files.encode(network, "uniform", rivals.plainly(network, lambda n: quantisers.Uniform(1e9))))
        for rival in rivals.RIVALS:
            spoilt = []
            for bits_a_weight in (2.5, 5):
                allowed = head + int(bits_a_weight * network.count / 8)
                data, made = rival.file(network, allowed, calibration)
                self.assertLessEqual(len(data), allowed, rival.name)
                self.assertGreater(len(data), 0.8 * allowed, rival.name)
                again = files.decode(data)
                self.assertTrue(files.same_bits(again, made), rival.name)
                self.assertFalse(files.same_bits(again, network))
                np.testing.assert_array_equal(again.layers[1].bias, network.layers[1].bias)
                self.assertIsNone(again.layers[0].bias)
                spoilt.append(calibration.spoilt(again))
            self.assertLess(spoilt[1], 0.5 * spoilt[0], rival.name)
        self.assertIsNone(rivals.RIVALS[0].file(network, 60, calibration))

    def test_damaged_files_are_errors(self):
        network = small_network()
        data, _ = rivals.RIVALS[1].file(network, 600)
        generator = np.random.default_rng(12)
        body = files.HEAD + 2 + int.from_bytes(data[files.HEAD:files.HEAD + 2], "little")
        for place in [0, 4, 5, 6, 30, *generator.integers(body, len(data) - 1, 40)]:
            damaged = bytearray(data)
            damaged[place] ^= 1 << int(generator.integers(8))
            with self.assertRaises(ValueError, msg=str(place)):
                files.decode(bytes(damaged))
        for length in (0, 5, 20, 40, body, len(data) - 20):
            with self.assertRaises(ValueError, msg=str(length)):
                files.decode(data[:length])


class Networks(unittest.TestCase):
    def test_shipped_targets_give_the_logits_of_their_files(self):
        x = np.random.default_rng(13).uniform(-1, 1, (20, 1, 28, 28)).astype(np.float32)
        found = sorted((ROOT / "Targets").glob("*.onnx"))
        self.assertGreaterEqual(len(found), 3)
        for path in found:
            network = networks.Network.load(str(path))
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            wanted = session.run(None, {session.get_inputs()[0].name: x})[0]
            np.testing.assert_allclose(network.logits(x), wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
            again = networks.Network.read(network.text())
            self.assertEqual(again.nodes, network.nodes)
            self.assertEqual(again.shapes(), [layer.weights.shape for layer in network.layers])

    def test_features_times_weights_are_the_layers_outputs(self):
        network, x = small_network(), images()
        for place, node in enumerate(network.nodes):
            if node.what == "conv":
                layer = network.layers[node.layer]
                made = networks.features(network.run(x, node.inputs[0]), node.window) @ layer.weights
                made += 0 if layer.bias is None else layer.bias
                wanted = network.run(x, place).transpose(0, 2, 3, 1).reshape(-1, layer.weights.shape[1])
                np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-5)

    def test_what_is_not_known_is_an_error(self):
        value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2, 4, 4])
        graph = helper.make_graph([helper.make_node("Sigmoid", ["x"], ["y"])], "g", [value("x")], [value("y")])
        path = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "n.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
        with self.assertRaisesRegex(ValueError, "Sigmoid"):
            networks.Network.load(str(path))


if __name__ == "__main__":
    unittest.main()
