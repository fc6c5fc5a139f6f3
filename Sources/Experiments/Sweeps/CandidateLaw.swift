import RandomStreams

/// How the candidates of a trial are drawn. Conform a type of your own to sweep over another law.
public protocol CandidateLaw: Sendable {
  /// The name that tables and the digest of a specification use: another law, another name.
  var name: String { get }
  /// The standard deviation of a coordinate, where coordinates have mean 0 and are uncorrelated;
  /// nil where that is not so. Theory's columns are for such laws.
  var deviation: Double? { get }

  /// The most numbers that `fill` holds at a time beside the rows; `Int.max` where they are more
  /// than that.
  func workingNumbers(count n: Int, dimension m: Int) -> Int

  /// Writes coordinate j of candidate i at i·m + j, all n·m of them, as a function of the address
  /// alone. Called from any thread.
  func fill(_ rows: UnsafeMutableBufferPointer<Double>, dimension m: Int, at address: TrialAddress)
}

extension CandidateLaw {
  /// None worth counting.
  public func workingNumbers(count n: Int, dimension m: Int) -> Int { 0 }
}

/// The laws that a specification may name.
public enum StandardCandidates: String, CandidateLaw, CaseIterable {
  /// Products u_i·V_i of a normal number and a vector of normals, both rounded to Float32, so
  /// exact: what hidden filters give.
  case nsn
  /// Independent normals, unrounded.
  case normal
  /// Independent U(−1, 1).
  case uniform
  /// Products of two independent U(−1, 1).
  case product

  public var name: String { rawValue }

  /// 1, 1, 1/√3 and 1/3.
  public var deviation: Double? {
    switch self {
    case .nsn, .normal: 1
    case .uniform: (1.0 / 3).squareRoot()
    case .product: 1.0 / 3
    }
  }

  /// Entry i·m + j of part `vectors` makes coordinate (i, j); u_i is entry i of part `scalars`, a
  /// second factor entry i·m + j of part `secondFactors`. Cost: 2 to 5 ns a number.
  public func fill(_ rows: UnsafeMutableBufferPointer<Double>, dimension m: Int, at address: TrialAddress) {
    switch self {
    case .normal: NormalStream.fill(rows, at: address.stream(TrialAddress.Part.vectors))
    case .uniform: UniformStream.fillSymmetric(rows, at: address.stream(TrialAddress.Part.vectors))
    case .nsn:
      NormalStream.fill(rows, at: address.stream(TrialAddress.Part.vectors))
      let n = m > 0 ? rows.count / m : 0
      withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { scalars in
        NormalStream.fill(scalars, at: address.stream(TrialAddress.Part.scalars))
        for i in 0..<n {
          let scalar = Double(scalars[i])
          for k in i * m..<(i + 1) * m { rows[k] = scalar * Double(Float(rows[k])) }
        }
      }
    case .product:
      UniformStream.fillSymmetric(rows, at: address.stream(TrialAddress.Part.vectors))
      withUnsafeTemporaryAllocation(of: Double.self, capacity: rows.count) { factors in
        UniformStream.fillSymmetric(factors, at: address.stream(TrialAddress.Part.secondFactors))
        for k in rows.indices { rows[k] *= factors[k] }
      }
    }
  }
}

/// How the target of a trial is drawn.
public protocol TargetLaw: Sendable {
  /// The name that tables and the digest of a specification use.
  var name: String { get }

  /// The most numbers that `fill` holds at a time beside the target; `Int.max` where they are more
  /// than that.
  func workingNumbers(dimension m: Int) -> Int

  /// Writes all m coordinates, as a function of the address alone. Called from any thread.
  func fill(_ target: UnsafeMutableBufferPointer<Double>, at address: TrialAddress)
}

extension TargetLaw {
  /// None worth counting.
  public func workingNumbers(dimension m: Int) -> Int { 0 }
}

/// The laws of targets that a specification may name; entry j of part `target` makes coordinate j.
public enum StandardTarget: TargetLaw, Hashable {
  /// The target 0, which the empty set meets where the size is free.
  case zero
  /// Independent U(−h, h).
  case uniform(halfWidth: Double)
  /// Independent normals of a standard deviation.
  case normal(deviation: Double)

  public var name: String {
    switch self {
    case .zero: "zero"
    case .uniform(let halfWidth): "uniform \(halfWidth)"
    case .normal(let deviation): "normal \(deviation)"
    }
  }

  public func fill(_ target: UnsafeMutableBufferPointer<Double>, at address: TrialAddress) {
    let stream = address.stream(TrialAddress.Part.target)
    switch self {
    case .zero: target.update(repeating: 0)
    case .uniform(let halfWidth):
      UniformStream.fillSymmetric(target, at: stream)
      for j in target.indices { target[j] *= halfWidth }
    case .normal(let deviation):
      NormalStream.fill(target, at: stream)
      for j in target.indices { target[j] *= deviation }
    }
  }
}
