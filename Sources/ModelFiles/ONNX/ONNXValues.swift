/// One dimension of a graph's input or output.
public enum ONNXDimension: Sendable, Equatable {
  /// A size.
  case fixed(Int)
  /// A size that is left open under a name, such as `batch`.
  case named(String)
  /// A size that is left open without a name.
  case unknown
}

/// What a graph says of one of its inputs or outputs.
public struct ONNXValue: Sendable, Equatable {
  /// The name by which nodes refer to it.
  public var name: String
  /// The type of its elements.
  public var elementType: ONNXElementType
  /// Its dimensions; nil if the file does not say how many there are.
  public var shape: [ONNXDimension]?

  /// Describes a value.
  public init(name: String, elementType: ONNXElementType = .float32, shape: [ONNXDimension]?) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
  }
}

/// A named setting of a node.
public struct ONNXAttribute: Sendable, Equatable {
  /// The value of a setting, by its type.
  public enum Value: Sendable, Equatable {
    case int(Int64)
    case ints([Int64])
    case float(Float)
    case floats([Float])
    case string(String)
    case strings([String])
    case tensor(ONNXTensor)
    /// A graph inside the node's, such as a branch. It cannot be written.
    case graph(ONNXGraph)
    /// In a function: the value of the caller's attribute of this name. It cannot be written.
    case reference(String)
    /// A value of a type that is not read here, under the format's name for the type, such as
    /// `GRAPHS`. It cannot be written.
    case unsupported(String)

    /// The format's name for the type, such as `INTS`.
    public var typeName: String {
      switch self {
      case .int: "INT"
      case .ints: "INTS"
      case .float: "FLOAT"
      case .floats: "FLOATS"
      case .string: "STRING"
      case .strings: "STRINGS"
      case .tensor: "TENSOR"
      case .graph: "GRAPH"
      case .reference: "REFERENCE"
      case .unsupported(let name): name
      }
    }
  }

  /// The setting's name.
  public var name: String
  /// The setting's value.
  public var value: Value

  /// Names a value.
  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }
}

/// One operation of a graph.
public struct ONNXNode: Sendable, Equatable {
  /// What the node does, such as `Conv`.
  public var operatorType: String
  /// The family of operators that the type belongs to; empty for ONNX's own.
  public var domain: String
  /// The node's own name; often empty.
  public var name: String
  /// The names of the values it takes; an empty name stands for an optional input that is left out.
  public var inputs: [String]
  /// The names of the values it makes; an empty name stands for an optional output that is left
  /// out.
  public var outputs: [String]
  /// Which of several functions of one name is meant; mostly empty.
  public var overload = ""
  /// Its settings, in the file's order; no name occurs twice in a file that was read.
  public var attributes: [ONNXAttribute]

  /// Describes a node.
  public init(
    operatorType: String, domain: String = "", name: String = "", inputs: [String], outputs: [String],
    attributes: [ONNXAttribute] = []
  ) {
    self.operatorType = operatorType
    self.domain = domain
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// The value of the setting called `name`, or nil if the node does not set it.
  public func attribute(_ name: String) -> ONNXAttribute.Value? {
    attributes.first { $0.name == name }?.value
  }
}

/// A graph inside a node, such as a branch of an If, which may read values of the graph around it.
public struct ONNXGraph: Sendable, Equatable {
  /// Names of the values that it is given; branches have none.
  public var inputs: [String]
  /// Names of the values that it gives.
  public var outputs: [String]
  /// The operations in the file's order.
  public var nodes: [ONNXNode]
  /// Its own tensors.
  public var initializers: [ONNXTensor]

  /// A graph from its parts.
  public init(
    inputs: [String] = [], outputs: [String], nodes: [ONNXNode], initializers: [ONNXTensor] = []
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
    self.initializers = initializers
  }
}

/// Nodes of a model under a name by which others call them.
public struct ONNXFunction: Sendable, Equatable {
  /// The family of operators that it belongs to.
  public var domain: String
  /// What nodes call it by.
  public var name: String
  /// Which of several functions of one name it is; mostly empty.
  public var overload = ""
  /// Names, inside, of what it is given.
  public var inputs: [String]
  /// Names, inside, of what it gives.
  public var outputs: [String]
  /// The operations inside.
  public var nodes: [ONNXNode]
  /// Attributes that a caller may leave out, with their values then.
  public var defaults: [ONNXAttribute] = []
  /// The families of operators that it is written for; those of the model where there are none.
  public var operatorSets: [ONNXOperatorSet] = []

  /// A function from its parts.
  public init(domain: String, name: String, inputs: [String], outputs: [String], nodes: [ONNXNode]) {
    self.domain = domain
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
  }
}

/// The version of one family of operators that a model is written for.
public struct ONNXOperatorSet: Sendable, Equatable {
  /// The family; empty for ONNX's own.
  public var domain: String
  /// The version, from 1.
  public var version: Int

  /// Names a version.
  public init(domain: String = "", version: Int) {
    self.domain = domain
    self.version = version
  }
}
