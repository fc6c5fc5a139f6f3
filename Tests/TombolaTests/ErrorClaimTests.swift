import Convolution
import LinearAlgebra
import RandomStreams
import RunControl
import Testing
import Tombola

/// The shipped target's certified error against errors met, and what a ticket claims of both.
@Suite struct ErrorClaimTests {
  private static let target = ReadmeTests.root.path + "/Targets/fashion-cnn.onnx"

  private func drawn(width: Int) throws -> (Network<Float>, Ticket, Measurement) {
    let target = try ONNXModel.network(fromFile: Self.target)
    let ticket = try TicketSearch(Target(target), seed: 3, width: width).run().ticket
    return (target, ticket, try Measurement(ticket: ticket, target: Target(target)))
  }

  /// Random images, corners and images of one number, against the pruned network itself.
  @Test func aHundredThousandInputsKeepTheCertificate() throws {
    let (target, ticket, measurement) = try drawn(width: 1000)
    let pruned = try Collapse(of: ticket).network()
    let certified = try #require(try measurement.claims(on: nil).certifiedError)
    let (exact, approximate) = (try target.packed(), try pruned.packed())
    let count = target.inputShape.count
    let largest = try Workers.map(count: 1000, workers: Workers.availableCores) { task -> Float in
      var values = [Double](repeating: 0, count: 100 * count)
      values.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: StreamAddress(seed: UInt64(task))) }
      let images = try Tensor(
        batch: 100, shape: target.inputShape,
        values: values.enumerated().map { index, value -> Float in
          switch index / count % 4 {
          case 0: Float(value)
          case 1: value < 0 ? -1 : 1
          case 2: Float(values[index / count * count])
          default: value < -0.5 ? -1 : value < 0.5 ? 0 : 1
          }
        })
      return zip(try exact(images).values, try approximate(images).values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }.max()!
    #expect(Double(largest) <= certified)
    #expect(largest > 0)
    let witness = try measurement.findWitness()
    #expect(witness.error <= certified)
    #expect(witness.error > Double(largest), "\(witness.error) by climbing, \(largest) met")
  }

  @Test func claimsHoldErrorsOnDataAndAtTheWitness() throws {
    let (target, ticket, measurement) = try drawn(width: 500)
    let images = try ImageSetFile.load("fashion-mnist", part: .test).prefix(300)
    let witness = try measurement.findWitness()
    let claims = try measurement.claims(on: images, witness: witness.image)
    #expect(claims.errorLowerBound == witness.error)
    let exact = try target.converted(to: Double.self)
    let pruned = try ticket.prunedNetwork().converted(to: Double.self)
    let inputs = images.images.converted(to: Double.self)
    let brute = zip(try exact(inputs).values, try pruned(inputs).values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(abs(claims.errorOnData! - brute) < 1e-9 * brute, "\(claims.errorOnData!) and \(brute)")
    #expect(VerificationReport(measured: claims, stated: claims).agrees)
    for change in [\Claims.errorLowerBound, \.errorOnData] {
      var false1 = claims
      false1[keyPath: change]! *= 1.01
      #expect(!VerificationReport(measured: claims, stated: false1).agrees)
    }
    // A bound below an error met is no bound.
    var loose = claims
    loose.certifiedError = witness.error / 2
    #expect(!VerificationReport(measured: loose, stated: loose).agrees)
    // Images without labels have errors, and no accuracy.
    let unlabelled = try ImageSet(name: images.name, images: images.images, labels: nil)
    let bare = try measurement.claims(on: unlabelled)
    #expect(bare.errorOnData == claims.errorOnData && bare.ticketAccuracy == nil && bare.errorLowerBound == nil)
  }
}
