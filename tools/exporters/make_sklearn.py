"""Multi-layer perceptrons of scikit-learn by skl2onnx."""

import warnings

import numpy
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import Maker

warnings.filterwarnings("ignore")


def main():
    """With and without what skl2onnx puts behind the scores."""
    maker = Maker("skl2onnx")
    generator = numpy.random.default_rng(0)
    x = generator.uniform(0, 1, (200, 20)).astype(numpy.float32)
    for classes in (2, 5):
        y = generator.integers(0, classes, 200)
        for name, model in [
            ("mlp", MLPClassifier((32,), max_iter=20)), ("deep", MLPClassifier((16, 16), max_iter=20)),
            ("scaled", make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=20))),
        ]:
            model.fit(x, y)
            for zipmap in (True, False):

                def write(path, model=model, zipmap=zipmap):
                    made = to_onnx(model, x[:2], options={"zipmap": zipmap}, target_opset=17)
                    with open(path, "wb") as file:
                        file.write(made.SerializeToString())

                maker.make(f"{name}-{classes}{'-zipmap' if zipmap else ''}", (2, 20), write)
    maker.close()


main()
