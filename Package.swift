// swift-tools-version: 6.1
import PackageDescription

/// A room of the house: a library target, what it may import, and a product of its own. Its page
/// for readers, README.md, stands beside the code.
func room(_ name: String, imports: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: imports, exclude: ["README.md"] + exclude)
}

/// Rooms that read models and sweeps, and the command, need packages from elsewhere. Who links
/// other rooms alone need not fetch these, and says so: `.package(…, traits: [])`.
let whole = TargetDependencyCondition.when(traits: ["Whole"])

let rooms = [
  room("Files", imports: ["CLibcrypto"]),
  room("RunControl"),
  room("RandomStreams", imports: ["RandomStreamsKernels"]),
  room("LinearAlgebra", imports: ["CBLAS", "MachineKernels"]),
  room("Convolution", imports: ["LinearAlgebra", "ConvolutionKernels"]),
  room("NumericalVerification", imports: ["RandomStreams", "LinearAlgebra", "Convolution"]),
  room(
    "SubsetSum", imports: ["RunControl", "RandomStreams", "LinearAlgebra", "SubsetSumKernels"],
    exclude: ["Solvers/Beam/README.md"]),
  room("Tickets", imports: ["Files", "RandomStreams", "LinearAlgebra", "Convolution"]),
  room(
    "Pruning", imports: ["RunControl", "RandomStreams", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets"]),
  room("Verification", imports: ["Files", "RunControl", "RandomStreams", "LinearAlgebra", "Convolution", "Tickets"]),
  room(
    "ModelFiles",
    imports: [
      "Files", "LinearAlgebra", "Convolution", "Tickets", "CZlib",
      .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: whole),
    ],
    exclude: ["ONNXSchema/onnx_subset.proto"]),
  room(
    "Experiments",
    imports: [
      "Files", "RunControl", "RandomStreams", "LinearAlgebra", "SubsetSum", "Tickets", "CSQLite",
      .product(name: "TOMLKit", package: "TOMLKit", condition: whole),
    ]),
]

let package = Package(
  name: "Tombola",
  products: rooms.map { .library(name: $0.name, targets: [$0.name]) } + [
    .library(name: "Tombola", targets: ["Tombola"]),
    .executable(name: "tombola", targets: ["TombolaMain"]),
    .library(name: "TombolaC", type: .dynamic, targets: ["TombolaC"]),
  ],
  traits: [
    .default(enabledTraits: ["Whole"]),
    .trait(name: "Whole", description: "All rooms and the command, with the packages that they need."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
  ],
  targets: rooms + [
    .systemLibrary(
      name: "CBLAS", path: "CBLAS", pkgConfig: "openblas lapacke",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(name: "CZlib", path: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLibcrypto", path: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CSQLite", path: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "RandomStreamsKernels"),
    .target(name: "ConvolutionKernels"),
    .target(name: "MachineKernels", dependencies: ["CBLAS"]),
    .target(name: "SubsetSumKernels"),
    .target(name: "Tombola", dependencies: rooms.map { .target(name: $0.name) }),
    room(
      "Outcomes",
      imports: [
        "Files", "RunControl", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets", "Pruning", "Verification",
        "ModelFiles", "Experiments",
      ]),
    .target(
      name: "CommandLineTool",
      dependencies: [
        "Files", "RunControl", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets", "Pruning", "Verification",
        "ModelFiles", "Experiments", "Outcomes",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: whole),
      ], exclude: ["README.md"]),
    .executableTarget(name: "TombolaMain", dependencies: ["CommandLineTool"]),
    .target(name: "CTombola", exclude: ["symbols.txt"]),
    room(
      "TombolaC",
      imports: [
        "CTombola", "Files", "RunControl", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets", "Pruning",
        "Verification", "ModelFiles", "Experiments", "Outcomes", "CommandLineTool",
      ]),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
    .testTarget(name: "RunControlTests", dependencies: ["RunControl"]),
    .testTarget(name: "RandomStreamsTests", dependencies: ["RandomStreams", "TestSupport"]),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "MachineKernels"]),
    .testTarget(name: "ConvolutionTests", dependencies: ["Convolution", "ConvolutionKernels", "LinearAlgebra"]),
    .testTarget(
      name: "NumericalVerificationTests",
      dependencies: ["RandomStreams", "LinearAlgebra", "Convolution", "NumericalVerification"]),
    .testTarget(
      name: "SubsetSumTests",
      dependencies: ["RunControl", "RandomStreams", "LinearAlgebra", "SubsetSum", "SubsetSumKernels"]),
    .testTarget(
      name: "ModelFilesTests",
      dependencies: [
        "Files", "LinearAlgebra", "Convolution", "Tickets", "Pruning", "ModelFiles", "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .testTarget(name: "TicketsTests", dependencies: ["RandomStreams", "LinearAlgebra", "Convolution", "Tickets"]),
    .testTarget(
      name: "PruningTests",
      dependencies: [
        "RunControl", "RandomStreams", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets", "Pruning",
        "Verification",
      ]),
    .testTarget(
      name: "VerificationTests",
      dependencies: ["RandomStreams", "LinearAlgebra", "Convolution", "Tickets", "Verification"]),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "Files", "RunControl", "RandomStreams", "LinearAlgebra", "SubsetSum", "ModelFiles", "Experiments",
        "CSQLite",
      ]),
    .testTarget(
      name: "CommandLineToolTests",
      dependencies: [
        "CommandLineTool", "Files", "RandomStreams", "LinearAlgebra", "Convolution", "Tickets", "Pruning",
        "Verification", "ModelFiles", "Experiments", "TestSupport",
      ]),
    .testTarget(
      name: "TombolaCTests",
      dependencies: [
        "CTombola", "TombolaC", "RunControl", "LinearAlgebra", "SubsetSum", "Pruning", "Tickets", "TestSupport",
      ]),
    .testTarget(name: "TombolaTests", dependencies: ["Tombola"]),
    .testTarget(name: "HouseTests", dependencies: ["TestSupport"], exclude: ["traps.txt"]),
  ],
  swiftLanguageModes: [.v6]
)
