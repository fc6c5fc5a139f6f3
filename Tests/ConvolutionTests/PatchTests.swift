import Convolution
import LinearAlgebra
import Testing

/// `packPatches`: the im2col matrix times the kernel is the convolution.
@Suite struct PatchTests {
  @Test func patchesTimesKernelIsTheConvolution() throws {
    var numbers = IntegerNumbers(state: 21)
    for window in ConvolutionTests.windows {
      for (groups, inputs, outputs) in [(1, 3, 5), (2, 4, 6), (4, 4, 4)] {
        let layer: Convolution<Float> = try MethodTests.layer(
          window, inputs, outputs, groups: groups, bias: false, &numbers)
        let images: Tensor<Float> = try numbers.tensor(2, ImageShape(height: 6, width: 7, channels: inputs))
        guard let shape = try? layer.outputShape(over: images.shape) else { continue }
        let direct = try DirectReference.convolve(images, layer)
        let rows = 2 * shape.pixels
        let filters = outputs / groups
        for group in 0..<groups {
          // In two parts, to see that a range starts where it says.
          for range in [0..<rows / 3, rows / 3..<rows] {
            var patches = [Float](repeating: .nan, count: range.count * layer.taps)
            try patches.withUnsafeMutableBufferPointer {
              try layer.packPatches(range, of: images, group: group, into: $0)
            }
            for (line, row) in range.enumerated() {
              for o in 0..<filters {
                var sum: Float = 0
                for k in 0..<layer.taps {
                  sum += patches[line * layer.taps + k] * layer.kernel[k * outputs + group * filters + o]
                }
                #expect(sum == direct.values[row * outputs + group * filters + o])
              }
            }
          }
        }
      }
    }
  }

  @Test func rowsGroupsAndTargetsThatDoNotFitAreErrors() throws {
    var numbers = IntegerNumbers(state: 22)
    let layer: Convolution<Float> = try MethodTests.layer(.same(3), 2, 2, &numbers)
    let images: Tensor<Float> = try numbers.tensor(1, ImageShape(height: 4, width: 4, channels: 2))
    func pack(_ rows: Range<Int>, group: Int = 0, count: Int) throws {
      var target = [Float](repeating: 0, count: count)
      try target.withUnsafeMutableBufferPointer {
        try layer.packPatches(rows, of: images, group: group, into: $0)
      }
    }
    try pack(0..<16, count: 16 * 18)
    #expect(throws: ConvolutionError.self) { try pack(0..<17, count: 17 * 18) }
    #expect(throws: ConvolutionError.self) { try pack(0..<16, group: 1, count: 16 * 18) }
    #expect(throws: ConvolutionError.self) { try pack(0..<16, count: 16 * 18 - 1) }
    let wrong: Tensor<Float> = try numbers.tensor(1, ImageShape(height: 4, width: 4, channels: 3))
    #expect(throws: ConvolutionError.self) {
      try layer.packPatches(0..<1, of: wrong, into: UnsafeMutableBufferPointer(start: nil, count: 0))
    }
  }
}
