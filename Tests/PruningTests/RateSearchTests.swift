import Convolution
import Foundation
import LinearAlgebra
import Pruning
import RandomStreams
import RunControl
import Testing
import Tickets

/// Tickets and vectors within a number of bits.
@Suite struct RateSearchTests {
  private func target() throws -> Target {
    func kernel(_ count: Int, _ seed: UInt64) -> [Float] {
      var values = [Float](repeating: 0, count: count)
      values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
      return values.map { $0 * 0.3 }
    }
    let first = try Convolution(
      window: .same(3), inputChannels: 1, outputChannels: 3, kernel: kernel(27, 1),
      bias: [0.3, -0.123, 0.01])
    let second = try Convolution(
      window: .same(3), inputChannels: 3, outputChannels: 2, kernel: kernel(54, 2),
      bias: [-0.7, 0.25])
    return try Target(
      Network(
        inputShape: ImageShape(height: 6, width: 6, channels: 1),
        nodes: [
          .init(name: "x", operation: .input, inputs: []),
          .init(name: "a", operation: .convolution(first), inputs: [0]),
          .init(name: "relu", operation: .rectifier, inputs: [1]),
          .init(name: "b", operation: .convolution(second), inputs: [2]),
        ]))
  }

  private func images() throws -> ImageSet {
    var values = [Double](repeating: 0, count: 20 * 36)
    values.withUnsafeMutableBufferPointer { UniformStream.fillSymmetric($0, at: StreamAddress(seed: 4)) }
    return try ImageSet(
      name: "images",
      images: Tensor(
        batch: 20, shape: ImageShape(height: 6, width: 6, channels: 1), values: values.map { Float($0) }),
      labels: nil)
  }

  /// Bytes of the lists alone, and a few.
  private static func bytes(_ ticket: Ticket) throws -> Int {
    let network = try ticket.randomNetwork
    var lists = BandedListCode(
      network, bands: network.layers.map { .oneFilterEach(dimension: $0.sliceCount, filters: network.width) })
    var coder = BitEncoder()
    for block in ticket.blocks { _ = lists.block(block.address, keeping: block.kept, with: &coder) }
    return 10 + coder.finish().count
  }

  private func error(_ ticket: Ticket, _ target: Target) throws -> Double {
    try zip(Collapse(of: ticket).layers, target.kernels).reduce(0) { sum, layer in
      let (collapsed, kernel) = layer
      let squares = zip(collapsed.positive.values, kernel.values).reduce(0) {
        $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1))
      }
      return sum + squares / kernel.squares
    }
  }

  @Test(arguments: [false, true]) func filesMeetTheirBudgetAndBitsBuyAccuracy(isCalibrated: Bool) throws {
    let target = try target()
    let images = isCalibrated ? try images() : nil
    let plan = isCalibrated ? CalibrationPlan() : nil
    let search = try RateSearch(target, calibration: plan, seed: 3, width: 2000, images: images, beam: 8)
    var last = Double.infinity
    for bytes in [25, 45, 80] {
      let result = try search.run(bytes: bytes, workers: 2, fileBytes: Self.bytes)
      #expect(result.stop == nil && result.ticket.isComplete)
      let size = try Self.bytes(result.ticket)
      #expect(size <= bytes && size >= bytes - 8, "\(size) of \(bytes)")
      let error = try error(result.ticket, target)
      #expect(error < last, "\(bytes) bytes")
      last = error
      #expect(result.ticket.hasShortDigests && target.digest.hasPrefix(result.ticket.targetDigest))
      try result.ticket.validateSigns()
      try result.ticket.requireMatch(target)
      #expect((result.ticket.calibrationDigest?.count ?? 16) == 16)
    }
    let coarse = try search.run(bytes: 25, workers: 2, fileBytes: Self.bytes).ticket
    for (bias, own) in zip(coarse.biases, target.biases) {
      let (bias, own) = (try #require(bias), try #require(own))
      let largest = try #require(bias.map(abs).max())
      // The power of two of which the largest is 64 to 127 times as much.
      let step = Float(sign: .plus, exponent: (largest / 64).exponent, significand: 1)
      #expect(bias.allSatisfy { ($0 / step).rounded() == $0 / step } && largest <= 127 * step, "\(bias)")
      if !isCalibrated { #expect(zip(bias, own).allSatisfy { abs($0 - $1) <= step / 2 }, "\(bias) \(own)") }
    }
    if let images {
      // What kernels miss on average, biases make good.
      let wanted = try target.network(images.images).values
      let pruned: Network<Float> = try coarse.graph.network(of: Collapse(of: coarse).layers, biases: coarse.biases)
      let found = try pruned(images.images).values
      for output in 0..<2 {
        let differences = stride(from: output, to: wanted.count, by: 2).map { Double(found[$0] - wanted[$0]) }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let square = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
        #expect(abs(mean) < 0.01 && square.squareRoot() > 0.05, "\(mean) \(square)")
      }
    }
    if !isCalibrated { #expect(last < 0.3, "two layers' relative squares, \(last)") }
    let again = try search.run(bytes: 45, workers: 1, fileBytes: Self.bytes).ticket
    #expect(try again == search.run(bytes: 45, workers: 2, fileBytes: Self.bytes).ticket)
    #expect(throws: TicketError.self) { try search.run(bytes: 5, fileBytes: Self.bytes) }
  }

  @Test func anotherTargetIsRefusedByAShortDigestToo() throws {
    let search = try RateSearch(target(), seed: 3, width: 200, beam: 4)
    let ticket = try search.run(bytes: 40, fileBytes: Self.bytes).ticket
    let digest = try target().digest
    #expect(Ticket.isDigest(ticket.targetDigest, of: digest) && Ticket.isDigest(digest, of: digest))
    let other = digest.first == "0" ? "1" + digest.dropFirst() : "0" + digest.dropFirst()
    #expect(!Ticket.isDigest(ticket.targetDigest, of: other) && !Ticket.isDigest("", of: digest))
    #expect(!Ticket.isDigest(String(digest.prefix(15)), of: digest))
    #expect(throws: TicketError.self) { try RateSearch(target(), seed: 3, width: 200, beam: 0) }
  }

  /// Files of vectors: within their bits, read back, and within 5.5 dB of Shannon's bound, of which
  /// the first bytes of so small a file are 1.
  @Test func vectorsAreCodedWithinTheirBits() throws {
    let vectors = (0..<12).map { VectorEncoder.Law.gaussian.vector(dimension: 36, seed: 1, index: $0) }
    let encoder = VectorEncoder(seed: 2, width: 8192, beam: 16, workers: 2)
    for (bits, bound) in [(2.0, 0.176), (3, 0.055)] {
      let code = try encoder.code(vectors, bits: bits).code
      let file = try code.encoded()
      #expect(8 * file.count <= Int(bits * 12 * 36) && Double(8 * file.count) >= bits * 12 * 36 - 64)
      let measure = try VectorMeasure(of: vectors, coded: file)
      #expect(measure.relativeError < bound && measure.relativeError > measure.shannon, "\(measure)")
      #expect(measure.fileBits <= bits && measure.countedBits > 0)
      #expect(try encoder.code(vectors, bits: bits).code == code)
    }
    #expect(throws: TicketError.self) { try encoder.code(vectors, bits: 0) }
    #expect(throws: TicketError.self) { try encoder.code([[1], [1, 2]], bits: 2) }
    #expect(throws: TicketError.self) { try encoder.code([[.nan]], bits: 2) }
    #expect(throws: TicketError.self) { try encoder.code([[1]], bits: 2) }
  }

  @Test func vectorsOfAnySizeAreCodedOrRefused() throws {
    let encoder = VectorEncoder(seed: 2, width: 200, beam: 4, workers: 1)
    for scale in [1e-150, 1e-9, 1, 1e9, 1e150] {
      let vectors = [[scale, -2 * scale, 0.5 * scale], [0, 0, 0], [3 * scale, 0, scale]]
      let code = try encoder.code(vectors, bits: 40).code
      let measure = try VectorMeasure(of: vectors, coded: code.encoded())
      #expect(measure.relativeError < 0.5, "\(scale): \(measure)")
    }
    for vector in [[0x1p-1030, 0], [1e-160, 0], [1e160, 0], [.greatestFiniteMagnitude, 1]] {
      #expect(throws: TicketError.self) { try encoder.code([vector], bits: 40) }
    }
    let zeros = try encoder.code([[0, 0], [0, 0]], bits: 60)
    #expect(zeros.code.kept == [[], []] && zeros.stop == nil)
    #expect(try VectorMeasure(of: [[0, 0], [0, 0]], coded: zeros.code.encoded()).relativeError == 0)
  }

  @Test func bitsBeamsAndMemoryOutOfRangeAreRefused() throws {
    let vectors = [[1.0, 2, 3, 4]]
    for bits in [64.001, 1e3, 1e308, .infinity, .nan, 0, -1] {
      #expect(throws: TicketError.self) { try VectorEncoder(seed: 1, width: 20).code(vectors, bits: bits) }
    }
    for beam in [.min, -1, 0, 1 << 16 + 1, .max] {
      #expect(throws: TicketError.self) { try VectorEncoder(seed: 1, width: 20, beam: beam).code(vectors, bits: 30) }
      #expect(throws: TicketError.self) { try RateSearch(target(), seed: 3, width: 20, beam: beam) }
    }
    for width in [.min, 0, 1 << 25 + 1, .max] {
      #expect(throws: TicketError.self) { try VectorEncoder(seed: 1, width: width).code(vectors, bits: 30) }
    }
    let little = RunControl(limits: Limits(memoryBytes: 1 << 20))
    #expect(throws: PruningError.self) {
      try VectorEncoder(seed: 1, width: 1 << 20, beam: 4).code(vectors, bits: 30, control: little)
    }
    #expect(throws: PruningError.self) {
      try RateSearch(target(), seed: 3, width: 1 << 20, beam: 4).run(
        bytes: 100, control: little, fileBytes: Self.bytes)
    }
  }

  @Test func stoppedSearchesGiveTheirBestSoFar() throws {
    let vectors = (0..<6).map { VectorEncoder.Law.gaussian.vector(dimension: 24, seed: 1, index: $0) }
    let encoder = VectorEncoder(seed: 2, width: 4096, beam: 8, workers: 1)
    let whole = try VectorMeasure(of: vectors, coded: encoder.code(vectors, bits: 4).code.encoded())
    // The clock moves on by a millisecond each time that it is read.
    var errors: [Double] = []
    for questions in [1, 40, 400, 4000] {
      let (code, stop) = try encoder.code(vectors, bits: 4, control: Self.stopping(after: questions))
      let measure = try VectorMeasure(of: vectors, coded: code.encoded())
      #expect(stop == .timeLimit || measure.relativeError == whole.relativeError)
      #expect(measure.relativeError <= 1 && measure.fileBits <= 4)
      errors.append(measure.relativeError)
    }
    #expect(errors[0] == 1 && errors[1] < 1 && errors[2] < 0.9 * errors[0], "\(errors)")
  }

  @Test(arguments: [false, true]) func stoppedTicketsHaveFilters(isCalibrated: Bool) throws {
    let plan = isCalibrated ? CalibrationPlan(sweeps: 0) : nil
    let search = try RateSearch(
      target(), calibration: plan, seed: 5, width: 2000, images: isCalibrated ? images() : nil, beam: 4)
    var kept: [Int] = []
    for questions in [1, 30, 100, 150, 200, 250, 300, 400] {
      let result = try search.run(
        bytes: 60, workers: 1, control: Self.stopping(after: questions), fileBytes: Self.bytes)
      kept.append(result.ticket.keptFilters)
      #expect(result.ticket.isComplete == (result.stop == nil))
      #expect(try Self.bytes(result.ticket) <= 60)
    }
    // Once a search has filters, a later stop does not lose them all.
    let first = kept.firstIndex { $0 > 0 } ?? kept.count
    #expect(first < 4 && kept[first...].allSatisfy { $0 > 0 }, "\(kept)")
  }

  /// A run that is stopped after so many questions.
  private static func stopping(after questions: Int) -> RunControl {
    let (start, asked) = (ContinuousClock.now, Guarded(0))
    return RunControl(
      limits: Limits(seconds: Double(questions) / 1000),
      clock: {
        start.advanced(
          by: .milliseconds(
            asked.withLock { asked in
              asked += 1
              return asked
            }))
      })
  }

  @Test func lawsHaveTheirMoments() {
    for law in VectorEncoder.Law.allCases {
      let values = law.vector(dimension: 100_000, seed: 3, index: 1)
      let square = values.reduce(0) { $0 + $1 * $1 } / 1e5
      let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 1e5
      #expect(abs(values.reduce(0, +) / 1e5) < 0.012 && abs(square - 1) < 0.03)
      #expect(abs(fourth - (law == .gaussian ? 3 : 6)) < (law == .gaussian ? 0.15 : 0.9), "\(law) \(fourth)")
    }
  }
}
