"""Networks of Keras: by its own exporter and by tf2onnx, several operator sets."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import contextlib
import io

import keras
import numpy
from keras import layers

from common import Maker

keras.utils.set_random_seed(0)


def shaken(model):
    """Statistics of batch normalisation as training leaves them."""
    generator = numpy.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    model(numpy.zeros((1, *model.inputs[0].shape[1:]), numpy.float32))
    return model


def sequential(shape, *parts):
    """A model of layers one behind the other."""
    return shaken(keras.Sequential([layers.Input(shape), *parts]))


def residual(shape):
    """Two residual blocks."""
    x = inputs = layers.Input(shape)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    for _ in range(2):
        y = layers.Conv2D(8, 3, padding="same")(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(y))
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return shaken(keras.Model(inputs, layers.Dense(10)(x)))


def joined(shape):
    """Branches side by side."""
    inputs = layers.Input(shape)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(inputs)
    x = layers.Concatenate()([
        layers.Conv2D(4, 1, activation="relu")(x), layers.Conv2D(6, 3, padding="same", activation="relu")(x)])
    x = layers.GlobalMaxPooling2D()(x)
    return shaken(keras.Model(inputs, layers.Dense(10, activation="softmax")(x)))


def networks():
    """Name and model."""
    image = (16, 16, 3)
    yield "cnn", sequential(
        image, layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax"))
    yield "grey", sequential(
        (28, 28, 1), layers.Conv2D(4, 5, activation="relu"), layers.AveragePooling2D(2), layers.Flatten(),
        layers.Dense(16, activation="relu"), layers.Dense(10))
    yield "mlp", sequential((20,), layers.Dense(32, activation="relu"), layers.Dense(5, activation="softmax"))
    yield "mlp-image", sequential(
        (28, 28), layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10))
    yield "norm", sequential(
        image, layers.Conv2D(8, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU(),
        layers.Conv2D(8, 3, padding="same", strides=2), layers.ReLU(), layers.BatchNormalization(), layers.Flatten(),
        layers.Dense(10))
    yield "norm-behind-flatten", sequential(
        image, layers.Conv2D(4, 3, strides=4), layers.Flatten(), layers.BatchNormalization(), layers.Dense(10))
    yield "rescaling", sequential(
        image, layers.Rescaling(1 / 127.5, offset=-1), layers.Conv2D(8, 3, activation="relu"), layers.Flatten(),
        layers.Dense(10))
    yield "global-average", sequential(
        image, layers.Conv2D(8, 3, padding="same", activation="relu"), layers.GlobalAveragePooling2D(),
        layers.Dense(10))
    yield "padding", sequential(
        image, layers.ZeroPadding2D(2), layers.Conv2D(8, 5, strides=2, activation="relu"), layers.MaxPooling2D(3, 2, "same"),
        layers.Flatten(), layers.Dense(10))
    yield "same-pool", sequential(
        (15, 15, 3), layers.Conv2D(8, 3, padding="same", activation="relu"), layers.AveragePooling2D(2, padding="same"),
        layers.GlobalMaxPooling2D(), layers.Dense(10))
    yield "depthwise", sequential(
        image, layers.Conv2D(8, 3, activation="relu"), layers.DepthwiseConv2D(3, padding="same"),
        layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(16, 1, activation="relu"),
        layers.GlobalAveragePooling2D(), layers.Dense(10))
    yield "separable", sequential(
        image, layers.SeparableConv2D(8, 3, padding="same", activation="relu"), layers.Flatten(), layers.Dense(10))
    yield "leaky", sequential(
        image, layers.Conv2D(8, 3), layers.LeakyReLU(negative_slope=0.1), layers.Flatten(), layers.Dense(10))
    yield "conv1d", sequential(
        (32, 3), layers.Conv1D(8, 5, activation="relu"), layers.MaxPooling1D(), layers.Conv1D(8, 3, padding="same"),
        layers.ReLU(), layers.GlobalAveragePooling1D(), layers.Dense(4))
    yield "reshape", sequential(
        (784,), layers.Reshape((28, 28, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(),
        layers.Dense(10, activation="sigmoid"))
    yield "permuted", sequential(
        image, layers.Conv2D(4, 3, activation="relu"), layers.Permute((3, 1, 2)), layers.Flatten(), layers.Dense(10))
    yield "residual", residual(image)
    yield "joined", joined(image)


def main():
    """Each model by Keras's exporter and by tf2onnx."""
    own = Maker("keras")
    converter = Maker("tf2onnx")
    for name, model in networks():
        shape = (2, *model.inputs[0].shape[1:])
        for opset in (None, 13, 17):

            def write(path, opset=opset, model=model):
                options = {} if opset is None else {"opset_version": opset}
                with contextlib.redirect_stdout(io.StringIO()):
                    model.export(path, format="onnx", verbose=False, **options)

            own.make(f"{name}-{opset or 'default'}", shape, write)
        for opset in (11, 13, 15, 18):
            for flags in ("", "nchw"):

                def write(path, opset=opset, flags=flags, model=model):
                    import tensorflow
                    import tf2onnx

                    spec = (tensorflow.TensorSpec((None, *model.inputs[0].shape[1:]), tensorflow.float32, name="x"),)
                    function = tensorflow.function(lambda x: model(x, training=False), input_signature=spec)
                    tf2onnx.convert.from_function(
                        function, input_signature=spec, opset=opset, output_path=path,
                        inputs_as_nchw=["x"] if flags else None)

                if flags and len(shape) != 4:
                    continue
                taken = (shape[0], shape[3], shape[1], shape[2]) if flags else shape
                converter.make(f"{name}-{opset}{'-' + flags if flags else ''}", taken, write)
    own.close()
    converter.close()


main()
