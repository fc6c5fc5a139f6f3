import RandomStreamsKernels

/// A compilation of the C kernels. All make the same bits; tests run each, fills the best the
/// processor has.
package enum StreamKernel: CaseIterable, Sendable {
  case portable, x86v3, x86v4

  /// The variants this processor runs, slowest first.
  package static let available = allCases.filter { random_streams_supports($0.variant) }

  package static let best = available.last ?? .portable

  private var variant: random_streams_variant {
    switch self {
    case .portable: random_streams_portable
    case .x86v3: random_streams_x86_64_v3
    case .x86v4: random_streams_x86_64_v4
    }
  }

  /// Writes entries `start` … of the stream at `address` into all of `values`, whose element
  /// belongs to `kind`.
  ///
  /// - Precondition: `start >= 0` and `start + values.count` does not overflow.
  package func fill<Element>(
    _ values: UnsafeMutableBufferPointer<Element>, with kind: EntryKind<Element>, at address: StreamAddress,
    startingAt start: Int
  ) {
    checkEntries(startingAt: start, count: values.count)
    guard let base = values.baseAddress, !values.isEmpty else { return }
    var request = Self.request(at: address, columns: values.count, startingAt: start)
    request.rows = 1
    random_streams_fill(&request, kind.value, base, variant)
  }

  /// Row r of `values` gets entries `start` ..< `start + columns` of the stream whose filter is
  /// `filters[r]`.
  ///
  /// - Precondition: as for `fill`; `columns <= leadingDimension`; the last row ends within
  ///   `values`.
  package func fillRows<Element>(
    _ values: UnsafeMutableBufferPointer<Element>, leadingDimension: Int, columns: Int,
    filters: UnsafeBufferPointer<UInt32>, with kind: EntryKind<Element>, at address: StreamAddress,
    startingAt start: Int
  ) {
    checkEntries(startingAt: start, count: columns)
    precondition(
      leadingDimension >= columns, "rows of \(columns) entries do not fit \(leadingDimension) elements apart")
    guard let indices = filters.baseAddress, filters.count > 0, columns > 0 else { return }
    let (before, overflow) = (filters.count - 1).multipliedReportingOverflow(by: leadingDimension)
    precondition(
      !overflow && before <= values.count - columns,
      "\(filters.count) rows of \(columns) entries, \(leadingDimension) apart, do not fit \(values.count) elements")
    guard let base = values.baseAddress else { return }
    var request = Self.request(at: address, columns: columns, startingAt: start)
    request.filters = indices
    request.rows = filters.count
    request.leading_dimension = leadingDimension
    random_streams_fill(&request, kind.value, base, variant)
  }

  /// values[k] = the entry that words[k] becomes.
  ///
  /// - Precondition: the counts are equal.
  package func convert<Element>(
    _ words: UnsafeBufferPointer<UInt64>, into values: UnsafeMutableBufferPointer<Element>,
    with kind: EntryKind<Element>
  ) {
    precondition(words.count == values.count, "\(words.count) words do not become \(values.count) entries")
    guard let source = words.baseAddress, let base = values.baseAddress, !words.isEmpty else { return }
    random_streams_convert(source, words.count, kind.value, base, variant)
  }

  private func checkEntries(startingAt start: Int, count: Int) {
    precondition(start >= 0, "the first entry of a stream is 0, found a start at \(start)")
    precondition(count >= 0, "a number of entries is at least 0, found \(count)")
    precondition(
      !start.addingReportingOverflow(count).overflow, "\(count) entries from \(start) pass the largest index")
  }

  private static func request(
    at address: StreamAddress, columns: Int, startingAt start: Int
  ) -> random_streams_request {
    var request = random_streams_request()
    request.seed = address.seed
    request.domain = StreamAddress.domain
    request.filter = address.path.filter
    request.channel = address.path.channel
    request.layer = address.path.layer
    request.columns = columns
    request.leading_dimension = columns
    request.start = UInt64(start)
    return request
  }
}

/// What an entry of a stream becomes, with the type that holds it.
package struct EntryKind<Element>: @unchecked Sendable {
  let value: random_streams_kind
}

extension EntryKind<UInt64> {
  package static var word: Self { Self(value: random_streams_word) }
}

extension EntryKind<Double> {
  package static var uniform: Self { Self(value: random_streams_uniform) }
  package static var symmetric: Self { Self(value: random_streams_symmetric) }
  package static var normal: Self { Self(value: random_streams_normal) }
}

extension EntryKind<Float> {
  package static var normal: Self { Self(value: random_streams_normal_float) }
}
