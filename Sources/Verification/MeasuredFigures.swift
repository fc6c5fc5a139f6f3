import Convolution
import LinearAlgebra
import RunControl
import Tickets

/// A ticket's figures, as many as a run could have.
public struct MeasuredFigures: Sendable {
  /// Figures that are missing are nil.
  public internal(set) var claims: Claims
  /// The input that attains `claims.errorLowerBound`, NHWC; nil without that figure.
  public internal(set) var witness: [Float]?
  /// What is missing of what was asked for, and why; nil where nothing is.
  public internal(set) var shortfall: Shortfall?

  /// Figures that a run had to do without.
  public struct Shortfall: Sendable {
    /// Their JSON keys.
    public let figures: [String]
    /// `InterruptedError`, or `ConvolutionError.notFinite` where a network's output is no number.
    public let cause: any Error
  }
}

extension Measurement {
  /// All figures; accuracies only with labelled data, errors met only with data and a witness.
  ///
  /// - Parameters:
  ///   - data: images of the target's input shape, with labels or without; nil for none.
  ///   - witness: an image of the box.
  ///   - control: asked between figures and chunks of images.
  /// - Throws: `TicketError` for a ticket that contradicts its random network or for images outside
  ///   the ticket's input range; `ConvolutionError` for images of another shape or outputs that are
  ///   not finite; `InterruptedError`.
  /// - Complexity: each weight of the unpruned network once, and three networks over the images.
  public func claims(
    on data: ImageSet?, witness: [Float]? = nil, control: RunControl = RunControl()
  ) throws -> Claims {
    let figures = try figures(on: data, witness: witness.map { .given($0) } ?? .absent, control)
    if let shortfall = figures.shortfall { throw shortfall.cause }
    return figures.claims
  }

  /// The figures as far as `control` lets them be measured, with a witness found by gradient
  /// ascent.
  ///
  /// Those that need no input come first and whatever `control` says; each further one is nil where
  /// its turn did not come.
  ///
  /// - Throws: as `claims(on:witness:control:)`, but for what becomes a shortfall: an interruption
  ///   and outputs that are not finite.
  /// - Complexity: as `claims` and `findWitness` together.
  public func figures(on data: ImageSet?, control: RunControl) throws -> MeasuredFigures {
    try figures(on: data, witness: .found, control)
  }

  private enum Witness {
    case absent
    case given([Float])
    case found
  }

  /// A figure, and how it is had.
  private struct Step {
    let figure: String
    let measure: (inout MeasuredFigures) throws -> Void
  }

  private func figures(
    on data: ImageSet?, witness: Witness, _ control: RunControl
  ) throws -> MeasuredFigures {
    if let data { try Self.requireUsable(data, by: target.network, in: ticket.inputRange) }
    let certificate = certificate()
    var figures = MeasuredFigures(claims: exactClaims(certificate))
    var steps: [Step] = []
    if let data {
      steps.append(
        Step(figure: "images") {
          $0.claims.images = data.images.batch
          $0.claims.dataDigest = Self.digest(of: data)
        })
      if data.labels != nil { steps += accuracySteps(data, control) }
    }
    let difference = try difference()
    if let data {
      steps.append(
        Step(figure: "error_on_data") {
          $0.claims.errorOnData = try ErrorOnData(
            difference, on: data, workers: workers, convolution: convolution, control: control
          ).error
        })
    }
    switch witness {
    case .absent: break
    case .given(let image):
      steps.append(
        Step(figure: "error_lower_bound") {
          $0.witness = image
          $0.claims.errorLowerBound = try ErrorWitness(
            at: image, shape: ticket.graph.inputShape, inputRange: ticket.inputRange, difference
          ).error
        })
    case .found:
      steps.append(
        Step(figure: "error_lower_bound") {
          let found = try self.witness(of: difference, certificate, control)
          ($0.witness, $0.claims.errorLowerBound) = (found.image, found.error)
        })
    }
    for (index, step) in steps.enumerated() {
      func missing(_ cause: any Error) -> MeasuredFigures.Shortfall {
        MeasuredFigures.Shortfall(figures: steps[index...].map(\.figure), cause: cause)
      }
      do {
        if let reason = control.interruption() { throw InterruptedError(reason: reason) }
        try step.measure(&figures)
        continue
      } catch let error as InterruptedError {
        figures.shortfall = missing(error)
      } catch let error as ConvolutionError where error.isNotFinite { figures.shortfall = missing(error) }
      break
    }
    return figures
  }

  private func accuracySteps(_ data: ImageSet, _ control: RunControl) -> [Step] {
    func step(
      _ figure: String, _ key: WritableKeyPath<Claims, Double?>, _ name: String,
      _ network: @escaping () throws -> Network<Float>
    ) -> Step {
      Step(figure: figure) {
        let classification = try Classification(
          of: try network(), named: name, on: data, workers: workers, control: control,
          convolution: convolution)
        $0.claims[keyPath: key] = Double(classification.correct) / Double(data.images.batch)
      }
    }
    return [
      step("target_accuracy", \.targetAccuracy, "target") { target.network },
      step("ticket_accuracy", \.ticketAccuracy, "pruned network") {
        try ticket.prunedNetwork(workers: workers)
      },
      step("unpruned_accuracy", \.unprunedAccuracy, "unpruned network") {
        try unprunedNetwork(control: control)
      },
    ]
  }
}

extension ConvolutionError {
  fileprivate var isNotFinite: Bool { if case .notFinite = self { true } else { false } }
}
