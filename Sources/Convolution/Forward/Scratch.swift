import LinearAlgebra

/// Reused memory of forward passes: one shared buffer and one a worker, each growing to what a
/// layer asks for, and the activations that a network's pass has dropped, for its next pass.
///
/// A layer over images of any size and number takes `packBytes` for weights it has to reorder and
/// three times `tileBytes` a worker at most, unless a single pixel's patch or a single panel of
/// weights is larger, or by im2col a pixel's patch for every 1024 entries of a tile.
public final class Scratch<Scalar: BLASScalar> {
  /// Bytes of a worker's tile of images, patches or products; a tile always holds at least one
  /// pixel.
  public let tileBytes: Int
  /// Cores that a layer's work is split over.
  public let workers: Int
  /// Bytes of reordered weights at a time, for layers that are not packed.
  public let packBytes: Int
  private var shared = AlignedBuffer<Scalar>()
  private let tiles: [AlignedBuffer<Scalar>]

  /// Storage of dropped activations, by entries; a forward pass of the same shapes takes it again.
  private var dropped: [Int: [[Scalar]]] = [:]
  /// Results that found no dropped storage, by entries: so many of that size are in use at a time.
  private var missed: [Int: Int] = [:]

  /// The default of `tileBytes`: a tile that stays in a core's L2 cache beside a panel of weights.
  public static var defaultTileBytes: Int { 256 << 10 }
  /// The default of `packBytes`.
  public static var defaultPackBytes: Int { 4 << 20 }

  /// - Precondition: `workers` ≥ 1.
  public init(
    tileBytes: Int = Scratch.defaultTileBytes, workers: Int = 1, packBytes: Int = Scratch.defaultPackBytes
  ) {
    precondition(workers >= 1, "scratch needs at least one worker")
    self.tileBytes = max(1, tileBytes)
    self.packBytes = max(1, packBytes)
    self.workers = workers
    tiles = (0..<workers).map { _ in AlignedBuffer() }
  }

  /// Bytes held now, activations left out.
  public var bytes: Int { tiles.reduce(shared.bytes) { $0 + $1.bytes } }

  /// Bytes of dropped activations held now for results to come.
  public var recycledBytes: Int {
    dropped.reduce(0) { $0 + $1.key * $1.value.count * MemoryLayout<Scalar>.stride }
  }

  /// Scalars that `tileBytes` holds, one at least.
  var tileCount: Int { max(1, tileBytes / MemoryLayout<Scalar>.stride) }

  /// Takes the storage of a value that is read no more, for the next result of as many entries.
  ///
  /// Fresh memory costs a page fault every 4 KiB: giving results back makes layers with large
  /// outputs up to a third faster. A tensor that is still read elsewhere stays as it is. No more
  /// are kept of a size than results of that size have found missing, so that any number of passes
  /// holds what a few passes hold.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func recycle(_ tensor: consuming Tensor<Scalar>) {
    let count = tensor.values.count
    guard dropped[count, default: []].count < missed[count, default: 0] else { return }
    dropped[count, default: []].append(tensor.values)
  }

  /// A tensor whose entries `body` writes, all of them, in recycled storage where there is some.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tensor(
    batch: Int, shape: ImageShape, initializingWith body: (UnsafeMutablePointer<Scalar>) throws -> Void
  ) throws -> Tensor<Scalar> {
    guard let count = elementCount(batch, shape.height, shape.width, shape.channels), count > 0 else {
      return try Tensor(batch: batch, shape: shape, initializingWith: body)
    }
    guard var values = dropped[count]?.popLast() else {
      missed[count, default: 0] += 1
      return try Tensor(batch: batch, shape: shape, initializingWith: body)
    }
    try values.withUnsafeMutableBufferPointer { try body($0.baseAddress!) }
    return try Tensor(batch: batch, shape: shape, values: values)
  }

  func shared(_ count: Int) -> UnsafeMutablePointer<Scalar> { shared.reserve(count) }
  func tile(_ count: Int, of worker: Int = 0) -> UnsafeMutablePointer<Scalar> { tiles[worker].reserve(count) }
}

/// Uninitialised memory that starts on a cache line.
final class AlignedBuffer<Scalar: BLASScalar> {
  private var memory: UnsafeMutableRawPointer?
  private(set) var bytes = 0

  init(count: Int = 0) { if count > 0 { _ = reserve(count) } }
  deinit { memory?.deallocate() }

  /// The memory, grown to `count` scalars; growing drops what it held.
  func reserve(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    let wanted = max(1, count) * MemoryLayout<Scalar>.stride
    if wanted > bytes {
      memory?.deallocate()
      memory = .allocate(byteCount: wanted, alignment: 64)
      bytes = wanted
    }
    return memory!.assumingMemoryBound(to: Scalar.self)
  }
}
