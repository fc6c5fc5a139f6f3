/// How many candidates a cell's subsets must have, as a grid names it.
public enum SubsetSize: Sendable, Hashable {
  /// Any number.
  case any
  /// This many.
  case exactly(Int)
  /// The whole part of n divided by this.
  case share(divisor: Int)
  /// The whole part of √n: the largest for which the theorem's condition n ≥ k² holds.
  case squareRoot

  /// k for n candidates, nil for any.
  public func size(of n: Int) -> Int? {
    switch self {
    case .any: nil
    case .exactly(let k): k
    case .share(let divisor): n / divisor
    case .squareRoot: Int(Double(n).squareRoot())
    }
  }

  /// As files and tables have it: `any`, `7`, `n/2` or `sqrt(n)`.
  public var name: String {
    switch self {
    case .any: "any"
    case .exactly(let k): "\(k)"
    case .share(let divisor): "n/\(divisor)"
    case .squareRoot: "sqrt(n)"
    }
  }

  /// From its name; nil for another text.
  public init?(name: String) {
    if name == "any" {
      self = .any
    } else if name == "sqrt(n)" {
      self = .squareRoot
    } else if let k = Int(name), k >= 0 {
      self = .exactly(k)
    } else if name.hasPrefix("n/"), let divisor = Int(name.dropFirst(2)), divisor >= 1 {
      self = .share(divisor: divisor)
    } else {
      return nil
    }
  }
}

extension SubsetSize: ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
  /// This many.
  public init(integerLiteral value: Int) { self = .exactly(value) }
  /// Any number.
  public init(nilLiteral: ()) { self = .any }
}
