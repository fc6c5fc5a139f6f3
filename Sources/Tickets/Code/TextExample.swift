extension TextModel {
  /// The byte behind a text, a form feed.
  package static let end: UInt8 = 12

  /// What the model reads before it codes: two texts of made-up networks, each with its end. It is
  /// part of the format and never changes: `docs/coded-ticket-example.txt`.
  package static let example = """
    tombola 0.3
    1 500 weights true true
    [-1,1]
    {"objective":"squares","solver":"greedy"}
    -3 -4 -5 -4 -3 -4 -5
    28 28 1 20
    input\tinput
    stem\tconv 3x3+1,1,1,1 1 8
    relu\trelu
    layer1.0.conv1\tconv 3x3/2x2+1,1,1,1 8 16
    layer1.0.relu1\trelu
    layer1.0.conv2\tconv 3x3+1,1,1,1 16 16
    layer1.0.add\tadd\t1 4
    layer1.0.relu2\trelu
    blocks.1.conv1\tconv 3x3/2x2+1,1,1,1 16 32
    blocks.1.relu1\trelu
    blocks.1.conv2\tconv 3x3+1,1,1,1 32 32
    blocks.1.conv3\tconv 1x1/2x2 16 32\t4
    blocks.1.add\tadd\t2 1
    blocks.1.relu2\trelu
    features.1\tpool average 3x3/2x2+1,1,1,1
    average\tglobal_average_pool
    flatten\tflatten
    fc\tconv 1x1 32 10
    /classifier/Gemm\tconv 7x7 8 10
    /layer3/layer3.0/Conv\tconv 3x3+1,1,1,1 64 64
    /Relu_1\trelu
    \u{0C}tombola 0.3
    1 2000 calibrated true true
    [-1,1]
    {"damping":0.3,"metric":"layer","objective":"squares","solver":"greedy","sweeps":1}
    -3 -2 -4 -3 -5 -4 -3
    32 32 3 13
    input\tinput
    conv1\tconv 3x3+1,1,1,1 3 16
    relu1\trelu
    pool1\tpool maximum 2x2/2x2
    conv2\tconv 5x5+2,2,2,2 16 32
    relu2\trelu
    pool2\tpool maximum 2x2/2x2
    conv3\tconv 3x3+1,1,1,1 32 10
    relu3\trelu
    fc1\tconv 1x1 10 64
    relu4\trelu
    fc2\tconv 1x1 64 10
    average\tglobal_average_pool
    flatten\tflatten
    \u{0C}
    """
}
