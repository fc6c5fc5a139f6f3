// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "TombolaBench",
  dependencies: [
    .package(name: "Tombola", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
  ],
  targets: [
    .target(name: "BenchKernels", linkerSettings: [.linkedLibrary("openblas")]),
    .executableTarget(
      name: "Bench",
      dependencies: [
        "BenchKernels",
        .product(name: "LinearAlgebra", package: "Tombola"), .product(name: "Convolution", package: "Tombola"),
        .product(name: "NumericalVerification", package: "Tombola"),
        .product(name: "RandomStreams", package: "Tombola"), .product(name: "SubsetSum", package: "Tombola"),
        .product(name: "RunControl", package: "Tombola"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
