"""Small networks of JAX (Flax and Equinox) by jax2onnx."""

import contextlib
import io

import jax
import jax.numpy as jnp
from flax import nnx

from common import Maker


class CNN(nnx.Module):
    """Convolutions, pools and dense layers."""

    def __init__(self, rngs, norm=False, mean=False, kind="max", padding="SAME"):
        self.conv1 = nnx.Conv(3, 8, (3, 3), padding=padding, rngs=rngs)
        self.conv2 = nnx.Conv(8, 8, (3, 3), strides=(2, 2), padding=padding, rngs=rngs)
        self.norm = nnx.BatchNorm(8, use_running_average=True, rngs=rngs) if norm else None
        size = 8 if mean else (8 * 4 * 4 if padding == "SAME" else 8 * 3 * 3)
        self.dense = nnx.Linear(size, 10, rngs=rngs)
        self.mean = mean
        self.kind = kind

    def __call__(self, x):
        x = self.conv1(x)
        if self.norm is not None:
            x = self.norm(x)
        x = nnx.relu(x)
        pool = nnx.max_pool if self.kind == "max" else nnx.avg_pool
        x = pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nnx.relu(self.conv2(x))
        x = x.mean((1, 2)) if self.mean else x.reshape((x.shape[0], -1))
        return self.dense(x)


class MLP(nnx.Module):
    """Dense layers."""

    def __init__(self, rngs, head=None):
        self.first, self.second = nnx.Linear(20, 32, rngs=rngs), nnx.Linear(32, 5, rngs=rngs)
        self.head = head

    def __call__(self, x):
        x = self.second(nnx.relu(self.first(x)))
        return self.head(x) if self.head else x


class Residual(nnx.Module):
    """A residual block and a mean."""

    def __init__(self, rngs):
        self.stem = nnx.Conv(3, 8, (3, 3), rngs=rngs)
        self.conv = nnx.Conv(8, 8, (3, 3), rngs=rngs)
        self.dense = nnx.Linear(8, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.stem(x))
        x = nnx.relu(x + self.conv(x))
        return self.dense(jnp.mean(x, axis=(1, 2)))


def main():
    """Each network for a fixed and an open number of images."""
    from jax2onnx import to_onnx
    import onnx

    rngs = nnx.Rngs(0)
    image = (16, 16, 3)
    networks = [
        ("mlp", MLP(rngs), (20,)), ("mlp-softmax", MLP(rngs, nnx.softmax), (20,)),
        ("mlp-log-softmax", MLP(rngs, nnx.log_softmax), (20,)),
        ("cnn", CNN(rngs), image), ("cnn-norm", CNN(rngs, norm=True), image), ("cnn-mean", CNN(rngs, mean=True), image),
        ("cnn-average", CNN(rngs, kind="average"), image), ("cnn-valid", CNN(rngs, padding="VALID"), image),
        ("residual", Residual(rngs), image),
        ("plain", lambda x: jnp.maximum(x @ jnp.ones((20, 8)) - 4.0, 0) @ jnp.ones((8, 3)), (20,)),
    ]
    maker = Maker("jax2onnx")
    for name, network, shape in networks:
        if isinstance(network, nnx.Module):
            network.eval()
        for batch in (2, "B"):

            def write(path, network=network, batch=batch, shape=shape):
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    model = to_onnx(network, [(batch, *shape)])
                    onnx.save_model(model, path)

            maker.make(f"{name}{'-open' if batch == 'B' else ''}", (2, *shape), write)
    maker.close()


main()
