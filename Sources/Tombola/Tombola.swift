// One import for all rooms that others link.
@_exported import Convolution
@_exported import Experiments
@_exported import Files
@_exported import LinearAlgebra
@_exported import ModelFiles
@_exported import NumericalVerification
@_exported import Pruning
@_exported import RandomStreams
@_exported import RunControl
@_exported import SubsetSum
@_exported import Tickets
@_exported import Verification
