using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

/// <summary>
/// Reads an ONNX file as a model, when it is a multi-layer perceptron: products with weights, activations of the catalog however
/// they are written, normalisation with fixed statistics, scaling and one-hot encoding before, class names after, as PyTorch,
/// Keras, scikit-learn and we ourselves write them. Everything else is refused by the node's name. Reading bytes never runs
/// code; time and memory are bounded by the file's size. What is understood: docs/EXPORT.md.
/// </summary>
public static class OnnxImport
{
    /// <summary>Reads a file; weights may lie in files beside it, in its folder.</summary>
    /// <param name="path">The file.</param>
    /// <param name="catalog">The activations to look for, null for those that ship.</param>
    /// <exception cref="DownhillException">Missing, damaged, hostile, or no multi-layer perceptron; the message names the node.</exception>
    public static Model Load(string path, Catalog? catalog = null) =>
        Read(OnnxFile.Load(path), path, Path.GetDirectoryName(Path.GetFullPath(path)), catalog).Model;

    /// <summary>Reads a file that is in memory.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="catalog">The activations to look for, null for those that ship.</param>
    /// <exception cref="DownhillException">See <see cref="Load"/>.</exception>
    public static Model FromBytes(byte[] bytes, string name = "ONNX file", Catalog? catalog = null) =>
        Read(bytes, name, null, catalog).Model;

    internal static ImportedGraph Read(byte[] bytes, string name, string? folder, Catalog? catalog) =>
        Read(OnnxFile.Parse(bytes, name), name, folder, catalog);

    internal static ImportedGraph Read(ModelProto model, string name, string? folder, Catalog? catalog) =>
        new GraphReader(model, name, folder, catalog ?? Catalog.Default).Read();
}
