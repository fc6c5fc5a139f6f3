import LinearAlgebra

/// Reused memory of forward passes: one shared buffer and one a worker, each growing to what a layer asks for.
///
/// A layer over images of any size and number takes `packBytes` for weights it has to reorder and three times
/// `tileBytes` a worker at most, unless a single pixel's patch or a single panel of weights is larger.
public final class Scratch<Scalar: BLASScalar> {
  /// Bytes of a worker's tile of images, patches or products; a tile always holds at least one pixel.
  public let tileBytes: Int
  /// Cores that a layer's work is split over.
  public let workers: Int
  /// Bytes of reordered weights at a time, for layers that are not packed.
  public let packBytes: Int
  private var shared = AlignedBuffer<Scalar>()
  private let tiles: [AlignedBuffer<Scalar>]

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

  /// Bytes held now.
  public var bytes: Int { tiles.reduce(shared.bytes) { $0 + $1.bytes } }

  /// Scalars that `tileBytes` holds, one at least.
  var tileCount: Int { max(1, tileBytes / MemoryLayout<Scalar>.stride) }

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
