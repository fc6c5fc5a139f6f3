import RandomStreams

/// Hidden filters as functions on the inputs, masked or not: what pruning has to choose from in a
/// layer of c input channels and one output.
///
/// The m coordinates are values at m random inputs x in [−1, 1]^c, each divided by √m, so that the
/// Euclidean norm of a residual is the root of its mean square over the inputs. Candidate i is
/// `v·φ(u·x)`, φ the ReLU, v a normal, and u
/// - with the channel-blocked mask one normal for one channel, ⌊i·c/n⌋, and 0 for the others,
/// - without it, where filters are removed and nothing else, c normals.
///
/// A trial's inputs are the same in all cells, as `LinearTarget` is.
public struct FeatureCandidates: CandidateLaw, Hashable {
  /// c.
  public let channels: Int
  /// Whether each filter reads one channel.
  public let isMasked: Bool

  /// Hidden filters over `channels` input channels, at least 1.
  public init(channels: Int, isMasked: Bool) { (self.channels, self.isMasked) = (channels, isMasked) }

  public var name: String { "\(isMasked ? "masked " : "")features \(channels)" }
  public var deviation: Double? { nil }

  /// m·c + n·(c + 1).
  public func workingNumbers(count n: Int, dimension m: Int) -> Int {
    let (inputs, inputsOverflow) = m.multipliedReportingOverflow(by: channels)
    let (filters, filtersOverflow) = n.multipliedReportingOverflow(by: channels)
    let (sum, overflow) = inputs.addingReportingOverflow(filters)
    let (all, allOverflow) = sum.addingReportingOverflow(n)
    return inputsOverflow || filtersOverflow || overflow || allOverflow ? .max : all
  }

  /// Entry s·c + t of part `inputs` makes coordinate t of input s; entries of part `scalars` make
  /// v, i·c + t of part `vectors` u_t. Cost: n·m·c, or n·m with the mask.
  public func fill(_ rows: UnsafeMutableBufferPointer<Double>, dimension m: Int, at address: TrialAddress) {
    guard m > 0 else { return }
    let (n, c) = (rows.count / m, channels)
    let unit = 1 / Double(m).squareRoot()
    withUnsafeTemporaryAllocation(of: Double.self, capacity: m * c + n * (c + 1)) { scratch in
      let inputs = UnsafeMutableBufferPointer(rebasing: scratch[..<(m * c)])
      let scalars = UnsafeMutableBufferPointer(rebasing: scratch[(m * c)..<(m * c + n)])
      let vectors = UnsafeMutableBufferPointer(rebasing: scratch[(m * c + n)...])
      UniformStream.fillSymmetric(inputs, at: address.shared.stream(TrialAddress.Part.inputs))
      NormalStream.fill(scalars, at: address.stream(TrialAddress.Part.scalars))
      NormalStream.fill(vectors, at: address.stream(TrialAddress.Part.vectors))
      for i in 0..<n {
        let channel = i * c / n
        let factor = scalars[i] * unit
        for s in 0..<m {
          var sum = 0.0
          if isMasked {
            sum = vectors[i * c + channel] * inputs[s * c + channel]
          } else {
            for t in 0..<c { sum += vectors[i * c + t] * inputs[s * c + t] }
          }
          rows[i * m + s] = factor * max(0, sum)
        }
      }
    }
  }
}

/// A linear target w·x at the inputs of `FeatureCandidates`, w uniform in (−1/2, 1/2)^c: one entry
/// for each channel of a 1×1 kernel.
public struct LinearTarget: TargetLaw, Hashable {
  /// c.
  public let channels: Int

  /// A linear target of `channels` entries, at least 1.
  public init(channels: Int) { self.channels = channels }

  public var name: String { "linear \(channels)" }

  /// m·c + c.
  public func workingNumbers(dimension m: Int) -> Int {
    let (product, overflow) = (m + 1).multipliedReportingOverflow(by: channels)
    return overflow ? .max : product
  }

  /// Entry t of part `sharedTarget` makes w_t. Cost: m·c.
  public func fill(_ target: UnsafeMutableBufferPointer<Double>, at address: TrialAddress) {
    let (m, c) = (target.count, channels)
    guard m > 0 else { return }
    let unit = 1 / Double(m).squareRoot()
    withUnsafeTemporaryAllocation(of: Double.self, capacity: m * c + c) { scratch in
      let inputs = UnsafeMutableBufferPointer(rebasing: scratch[..<(m * c)])
      let weights = UnsafeMutableBufferPointer(rebasing: scratch[(m * c)...])
      UniformStream.fillSymmetric(inputs, at: address.shared.stream(TrialAddress.Part.inputs))
      UniformStream.fillSymmetric(weights, at: address.shared.stream(TrialAddress.Part.sharedTarget))
      for s in 0..<m {
        var sum = 0.0
        for t in 0..<c { sum += weights[t] / 2 * inputs[s * c + t] }
        target[s] = sum * unit
      }
    }
  }
}
