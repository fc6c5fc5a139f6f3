/// Reused memory of factorisations: grows to what a call asks for. One a thread.
public final class Workspace<Scalar: LAPACKScalar> {
  private var scalars: UnsafeMutablePointer<Scalar> = .allocate(capacity: 0)
  private var integers: UnsafeMutablePointer<Int32> = .allocate(capacity: 0)
  private var held = Size(scalars: 0, integers: 0)

  /// What a call takes, in scalars and 32-bit integers.
  public struct Size: Sendable, Hashable {
    /// Scalars, as LAPACK's `lwork` counts them.
    public var scalars: Int
    /// 32-bit integers, as LAPACK's `liwork` counts them.
    public var integers: Int
  }

  /// An empty workspace: it grows with what is asked of it and keeps the memory.
  public init() {}
  /// A workspace that holds `size` from the start.
  public init(_ size: Size) { _ = reserve(size) }

  deinit {
    scalars.deallocate()
    integers.deallocate()
  }

  func reserve(_ size: Size) -> (scalars: UnsafeMutablePointer<Scalar>, integers: UnsafeMutablePointer<Int32>) {
    if held.scalars < size.scalars {
      scalars.deallocate()
      scalars = .allocate(capacity: size.scalars)
      held.scalars = size.scalars
    }
    if held.integers < size.integers {
      integers.deallocate()
      integers = .allocate(capacity: size.integers)
      held.integers = size.integers
    }
    return (scalars, integers)
  }
}

/// Asks LAPACK for its best workspace: the sizes it leaves in the first entries.
func workspaceSize<Scalar: LAPACKScalar>(
  _ query: (UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Int32>) -> Int32
) -> Workspace<Scalar>.Size {
  var scalar: Scalar = 0
  var integer: Int32 = 0
  _ = query(&scalar, &integer)
  // A size above 2^24 may have been rounded down to a Float: one step up covers it.
  return .init(scalars: max(1, Int(scalar.nextUp.rounded(.up))), integers: max(1, Int(integer)))
}

func character(_ letter: Unicode.Scalar) -> CChar { CChar(UInt8(ascii: letter)) }
