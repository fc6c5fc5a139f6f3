"""Networks of PyTorch, by both of its exporters and several operator sets."""

import io
import contextlib
import logging

import torch
from torch import nn
from torch.nn import functional

from common import Maker

logging.disable(logging.WARNING)
torch.manual_seed(0)


def conv(inputs, outputs, size=3, **options):
    """A convolution with same padding unless said otherwise."""
    options.setdefault("padding", size // 2)
    return nn.Conv2d(inputs, outputs, size, **options)


class Basic(nn.Module):
    """A residual block of ResNet."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, stride=stride, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs, bias=False), nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + self.shortcut(x))


class OptionA(nn.Module):
    """A residual block whose shortcut takes every other pixel and adds channels of zeros."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv, self.bn, self.more = conv(inputs, outputs, stride=2), nn.BatchNorm2d(outputs), outputs - inputs

    def forward(self, x):
        shortcut = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return functional.relu(self.bn(self.conv(x)) + shortcut)


class PreActivation(nn.Module):
    """A residual block with normalisation first."""

    def __init__(self, channels):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(channels), conv(channels, channels, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(channels), conv(channels, channels, bias=False)

    def forward(self, x):
        y = self.conv1(functional.relu(self.bn1(x)))
        return x + self.conv2(functional.relu(self.bn2(y)))


class Fire(nn.Module):
    """SqueezeNet's module."""

    def __init__(self, inputs, squeezed, expanded):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.one, self.three = nn.Conv2d(squeezed, expanded, 1), conv(squeezed, expanded)

    def forward(self, x):
        x = functional.relu(self.squeeze(x))
        return torch.cat([functional.relu(self.one(x)), functional.relu(self.three(x))], 1)


class Dense(nn.Module):
    """A block of DenseNet."""

    def __init__(self, channels, growth, count):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(channels + i * growth), nn.ReLU(), conv(channels + i * growth, growth))
            for i in range(count))

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


class Inception(nn.Module):
    """Four branches side by side."""

    def __init__(self, channels):
        super().__init__()
        self.a = nn.Conv2d(channels, 4, 1)
        self.b = nn.Sequential(nn.Conv2d(channels, 4, 1), nn.ReLU(), conv(4, 6))
        self.c = nn.Sequential(nn.Conv2d(channels, 2, 1), nn.ReLU(), conv(2, 4, 5))
        self.d = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(channels, 3, 1))

    def forward(self, x):
        return functional.relu(torch.cat([self.a(x), self.b(x), self.c(x), self.d(x)], 1))


class Shuffle(nn.Module):
    """ShuffleNet's exchange between two groups, as torchvision writes it."""

    def forward(self, x):
        batch, channels, height, width = x.size()
        x = x.view(batch, 2, channels // 2, height, width)
        return torch.transpose(x, 1, 2).contiguous().view(batch, channels, height, width)


class Lambda(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class TwoHeads(nn.Module):
    """A network whose branches meet again."""

    def __init__(self):
        super().__init__()
        self.stem, self.left, self.right = conv(3, 8), conv(8, 8), nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = functional.relu(self.stem(x))
        return torch.flatten(functional.adaptive_avg_pool2d(self.left(x) + self.right(x) + x, 1), 1)


def trained(model):
    """Statistics of batch normalisation as training leaves them, not those of a new network."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            count = module.num_features
            module.running_mean = torch.rand(count, generator=generator) - 0.5
            module.running_var = torch.rand(count, generator=generator) + 0.5
            module.weight.data = torch.rand(count, generator=generator) + 0.5
            module.bias.data = torch.rand(count, generator=generator) - 0.5
    return model.eval()


def tail(channels, classes=10):
    """The usual end of a classifier."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def networks():
    """Name, network, shape of its input."""
    image = (2, 3, 16, 16)
    yield "mlp", nn.Sequential(
        nn.Flatten(), nn.Linear(768, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10)), image
    yield "mlp-rows", nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5)), (2, 20)
    yield "mlp-norm", nn.Sequential(
        nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 5), nn.LogSoftmax(1)), (2, 20)
    yield "lenet", nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 3), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)), image
    yield "vgg", nn.Sequential(
        conv(3, 8), nn.BatchNorm2d(8), nn.ReLU(), conv(8, 8), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2, 2),
        conv(8, 16), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(), nn.Dropout(),
        nn.Linear(256, 10)), image
    yield "resnet", nn.Sequential(
        conv(3, 8, bias=False), nn.BatchNorm2d(8), nn.ReLU(), Basic(8, 8), Basic(8, 16, 2), tail(16)), image
    yield "resnet-imagenet-stem", nn.Sequential(
        nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1), Basic(8, 8), Basic(8, 16, 2), tail(16)), (2, 3, 32, 32)
    yield "option-a", nn.Sequential(conv(3, 8), nn.ReLU(), OptionA(8, 16), tail(16)), image
    yield "pre-activation", nn.Sequential(
        conv(3, 8), PreActivation(8), PreActivation(8), nn.BatchNorm2d(8), nn.ReLU(), tail(8)), image
    yield "squeezenet", nn.Sequential(
        conv(3, 8, stride=2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(8, 4, 8), Fire(16, 4, 8),
        nn.Dropout(), nn.Conv2d(16, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), image
    yield "densenet", nn.Sequential(
        conv(3, 8), Dense(8, 4, 3), nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 10, 1), nn.AvgPool2d(2),
        Dense(10, 4, 2), nn.BatchNorm2d(18), nn.ReLU(), tail(18)), image
    yield "inception", nn.Sequential(conv(3, 8), nn.ReLU(), Inception(8), nn.MaxPool2d(2), tail(17)), image
    yield "mobilenet", nn.Sequential(
        conv(3, 8, stride=2, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        conv(8, 8, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 16, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), tail(16)), image
    yield "resnext", nn.Sequential(conv(3, 8), nn.ReLU(), conv(8, 8, groups=4), nn.ReLU(), tail(8)), image
    yield "shufflenet", nn.Sequential(
        conv(3, 8), nn.ReLU(), nn.Conv2d(8, 8, 1, groups=2), nn.ChannelShuffle(2), conv(8, 8, groups=8),
        nn.BatchNorm2d(8), nn.ReLU(), tail(8)), image
    yield "shuffle-by-hand", nn.Sequential(
        conv(3, 8), nn.ReLU(), Shuffle(), nn.Conv2d(8, 8, 1, groups=4), nn.ReLU(), tail(8)), image
    yield "prelu", nn.Sequential(conv(3, 8), nn.PReLU(), tail(8)), image
    yield "leaky", nn.Sequential(conv(3, 8), nn.LeakyReLU(0.1), conv(8, 8), nn.LeakyReLU(0.2), tail(8)), image
    yield "conv1d", nn.Sequential(
        nn.Conv1d(3, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 8, 3),
        nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 4)), (2, 3, 32)
    yield "view", nn.Sequential(
        conv(3, 4), nn.ReLU(), Lambda(lambda x: x.view(x.size(0), -1)), nn.Linear(1024, 10)), image
    yield "reshape", nn.Sequential(
        conv(3, 4), nn.ReLU(), nn.MaxPool2d(4), Lambda(lambda x: x.reshape(-1, 64)), nn.Linear(64, 10)), image
    yield "mean", nn.Sequential(conv(3, 8), nn.ReLU(), Lambda(lambda x: x.mean([2, 3])), nn.Linear(8, 10)), image
    yield "mean-twice", nn.Sequential(
        conv(3, 8), nn.ReLU(), Lambda(lambda x: x.mean(3).mean(2)), nn.Linear(8, 10)), image
    yield "largest", nn.Sequential(
        conv(3, 8), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 10), nn.Softmax(dim=1)), image
    yield "sum", nn.Sequential(conv(3, 8), nn.ReLU(), Lambda(lambda x: x.sum((2, 3)) / 256), nn.Linear(8, 3)), image
    yield "padded", nn.Sequential(
        nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(3, 8, 4, stride=2), nn.ReLU(), tail(8)), image
    yield "pad-pool", nn.Sequential(
        conv(3, 8), nn.ReLU(), nn.AvgPool2d(3, 2, padding=1), nn.MaxPool2d(2, ceil_mode=True), tail(8)), image
    yield "dilated", nn.Sequential(
        conv(3, 8, padding=2, dilation=2), nn.ReLU(), nn.Conv2d(8, 8, (1, 3), stride=(1, 2)), nn.ReLU(), tail(8)), image
    yield "normalised", nn.Sequential(
        Lambda(lambda x: (x - 0.4) / 0.25), conv(3, 8), nn.ReLU(), tail(8)), image
    yield "normalised-channels", nn.Sequential(
        Lambda(lambda x: (x - torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1)) / torch.tensor(
            [0.2, 0.3, 0.25]).view(1, 3, 1, 1)), conv(3, 8), nn.ReLU(), tail(8)), image
    yield "norm-first", nn.Sequential(nn.BatchNorm2d(3), conv(3, 8), nn.ReLU(), nn.BatchNorm2d(8), tail(8)), image
    yield "norm-behind-flatten", nn.Sequential(
        conv(3, 4), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 10)), image
    yield "clamp", nn.Sequential(conv(3, 8), Lambda(lambda x: x.clamp(min=0)), tail(8)), image
    yield "two-branches", TwoHeads(), image
    yield "split", nn.Sequential(
        conv(3, 8), nn.ReLU(),
        Lambda(lambda x: torch.cat([x.chunk(2, 1)[1], x.chunk(2, 1)[0]], 1)), conv(8, 8), nn.ReLU(), tail(8)), image
    yield "fully-convolutional", nn.Sequential(
        conv(3, 8), nn.ReLU(), nn.Conv2d(8, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Sigmoid()), image


def main():
    """Each network by each exporter, for a fixed and an open number of images."""
    classic, dynamo = Maker("pytorch"), Maker("pytorch-dynamo")
    for name, model, shape in networks():
        model = trained(model)
        x = torch.rand(shape)
        for opset in (9, 13, 17):
            for is_open in (False, True):
                axes = {"x": {0: "batch"}, "y": {0: "batch"}} if is_open else None

                def write(path, opset=opset, axes=axes, model=model, x=x):
                    with contextlib.redirect_stdout(io.StringIO()):
                        torch.onnx.export(
                            model, (x,), path, opset_version=opset, input_names=["x"], output_names=["y"],
                            dynamic_axes=axes, dynamo=False)

                classic.make(f"{name}-{opset}{'-open' if is_open else ''}", shape, write)
        for opset in (18,):
            for is_open in (False, True):
                shapes = ({0: torch.export.Dim("batch", min=1, max=64)},) if is_open else None

                def write(path, opset=opset, shapes=shapes, model=model, x=x):
                    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                        torch.onnx.export(
                            model, (x,), path, opset_version=opset, dynamo=True, dynamic_shapes=shapes)

                dynamo.make(f"{name}-{opset}{'-open' if is_open else ''}", shape, write)
    classic.close()
    dynamo.close()


main()
