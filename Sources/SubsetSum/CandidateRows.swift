import SubsetSumKernels

/// Unchecked access to the rows of `Candidates`, in fixed-order Float64 arithmetic.
///
/// Every reduction runs over 8 lanes (entry j in lane j mod 8), combines them in one fixed order,
/// and adds the last m mod 8 entries in order of their index; products and sums are rounded
/// separately, without fma. So a result depends on the data alone. Buffers that are passed in must
/// hold m entries; indices are not checked.
package struct CandidateRows {
  /// n, the number of rows.
  let count: Int
  /// m, the entries of a row.
  let dimension: Int
  let scales: UnsafePointer<Float>?
  let singles: UnsafePointer<Float>?
  let doubles: UnsafePointer<Double>?

  /// Coordinate j of candidate i.
  @inline(__always) func coordinate(_ i: Int, _ j: Int) -> Double {
    if let singles, let scales {
      return Double(scales[i]) * Double(singles[i &* dimension &+ j])
    }
    return doubles![i &* dimension &+ j]
  }

  /// `target += sign · x_i`. Cost: m.
  package func add(_ i: Int, sign: Double = 1, to target: UnsafeMutablePointer<Double>) {
    if let singles, let scales {
      let scale = sign * Double(scales[i])
      let row = singles + i &* dimension
      for j in 0..<dimension { target[j] += scale * Double(row[j]) }
    } else {
      let row = doubles! + i &* dimension
      for j in 0..<dimension { target[j] += sign * row[j] }
    }
  }

  /// `target -= x_i`. Cost: m.
  package func subtract(_ i: Int, from target: UnsafeMutablePointer<Double>) { add(i, sign: -1, to: target) }

  /// Writes `y − x_i`, with the same bits as `subtract`. Cost: m.
  @inline(__always)
  func writeDifference(_ y: UnsafePointer<Double>, less i: Int, to target: UnsafeMutablePointer<Double>) {
    if let singles, let scales {
      tombola_difference_f32(y, singles + i &* dimension, Double(scales[i]), target, dimension)
    } else {
      tombola_difference_f64(y, doubles! + i &* dimension, target, dimension)
    }
  }

  /// Writes `sign · x_i`, exactly. Cost: m.
  func copy(_ i: Int, sign: Double = 1, to target: UnsafeMutablePointer<Double>) {
    for j in 0..<dimension { target[j] = sign * coordinate(i, j) }
  }

  /// x_i · y: the scale times the fixed-order sum over the vector. Cost: m.
  package func dot(_ i: Int, _ y: UnsafePointer<Double>) -> Double {
    if let singles, let scales {
      return Double(scales[i]) * fixedOrderDot(singles + i &* dimension, y, dimension)
    }
    return fixedOrderDot(doubles! + i &* dimension, y, dimension)
  }

  /// ‖x_i‖²: the squared scale times the fixed-order sum of the vector's squares. Cost: m.
  func squaredNorm(_ i: Int) -> Double {
    if let singles, let scales {
      let row = singles + i &* dimension
      let scale = Double(scales[i])
      return (scale * scale) * fixedOrderSquares(row, dimension)
    }
    let row = doubles! + i &* dimension
    return fixedOrderDot(row, row, dimension)
  }

  /// ‖y − x_i‖²: the fixed-order sum of the squared differences of coordinates. Cost: m.
  func squaredDistance(_ i: Int, from y: UnsafePointer<Double>) -> Double {
    if let singles, let scales {
      return fixedOrderSquaredDistance(singles + i &* dimension, scale: Double(scales[i]), y, dimension)
    }
    return fixedOrderSquaredDistance(doubles! + i &* dimension, y, dimension)
  }

  /// The scale of candidate i, which the stored vector is multiplied by; 1 for dense rows.
  @inline(__always) func scale(_ i: Int) -> Double { scales.map { Double($0[i]) } ?? 1 }
}
