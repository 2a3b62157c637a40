using System.Buffers.Binary;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Whatever is wrong: exit code 1, one line that names it, nothing on standard output, no stack
/// trace.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly Desk desk = new();

    public BadInputTests()
    {
        desk.Write("empty.csv", "");
        desk.Write("header.csv", "a,b,c\n");
        desk.Write("ragged.csv", "a,b,c\n1,2,x\n3,4,y\n5,6\n");
        desk.Write("text.csv", "a,b,c\n1,2,x\n3,many,y\n");
        desk.Write("infinite.csv", "a,b,c\n1,2,x\n3,Infinity,y\n");
        desk.Write("one.csv", "a,b,c\n1,2,x\n3,4,x\n");
        desk.Write("good.csv", "a,b,c\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n");
        desk.Write("other.csv", "a,z,c\n1,2,x\n3,4,y\n");
        desk.Write("binary.csv", [1, 0, 2, 0, 3, 0, 255]);
        desk.Write("notes.md", "# no data\n");
        desk.Write("folder/notes.txt", "nothing\n");
        desk.Write("damaged.safetensors", "hello");
        desk.Write("foreign.safetensors", [8, 0, 0, 0, 0, 0, 0, 0, .. "{}      "u8]);
        desk.Write("links.txt", "1 1\n1 0 1\n");
        desk.Write("links2.txt", "1 2\n");
        desk.Write("links3.txt", "1 1 1\n");
        Idx("magic", imageMagic: 0x802, images: 2, labels: 2, cut: 0);
        Idx("short", imageMagic: 0x803, images: 2, labels: 2, cut: 1);
        Idx("count", imageMagic: 0x803, images: 2, labels: 3, cut: 0);
    }

    [Theory]
    // data
    [InlineData("train missing.csv", "missing.csv", "a file or folder")]
    [InlineData("train irsi", "irsi", "'iris'")]
    [InlineData("train folder", "folder", "train-images-idx3-ubyte")]
    [InlineData("train empty.csv", "empty.csv", "empty file")]
    [InlineData("train header.csv", "header.csv", "header line only")]
    [InlineData("train ragged.csv", "ragged.csv, line 4", "3 fields")]
    [InlineData("train text.csv --numeric b", "text.csv, line 3, column 'b'", "'many'")]
    [InlineData("train infinite.csv", "infinite.csv, line 3, column 'b'", "'Infinity'")]
    [InlineData("train one.csv", "one.csv, target 'c'", "two classes")]
    [InlineData("train good.csv --target d", "good.csv, Target 'd'", "a, b, c")]
    [InlineData("train good.csv --ignore q", "good.csv, Ignore 'q'", "a, b, c")]
    [InlineData("train good.csv --target 4", "good.csv, Target '4'", "1 … 3")]
    [InlineData("train binary.csv", "binary.csv", "binary data")]
    [InlineData("train notes.md", "notes.md", "'.md'")]
    [InlineData("train good.csv --test missing.csv", "--test missing.csv", "no such file")]
    [InlineData("train good.csv --test other.csv", "other.csv", "'b'")]
    [InlineData("train iris --augment affine", "Augmentation 'affine'", "pixels of an image")]
    [InlineData("train digits --augment bend", "augmentation 'bend'", "affine, elastic")]
    [InlineData("train digits --augment affine,elastic(sigma=0)", "'sigma' of 'elastic'", "up to 100")]
    [InlineData("train digits --augment elastic --optimizer lbfgs", "Optimizer 'lbfgs'", "augmentation")]
    [InlineData("train iris --target sepal_length", "Data 'iris'", "datasets NAME --to FILE.csv")]
    [InlineData("train iris --ignore 2", "Data 'iris'", "ignored columns '2'")]
    [InlineData("train iris --weight petal_width", "Data 'iris'", "weight 'petal_width'")]
    [InlineData("train iris --task regress", "Data 'iris'", "task 'regress'")]
    [InlineData("train iris --no-header", "Data 'iris'", "header")]
    [InlineData("train iris --decimal ,", "Data 'iris'", "decimal mark ','")]
    [InlineData("train iris --optimizer lbfgs --lr 0.1", "lbfgs", "no learning rate")]
    [InlineData("train iris --forward-scale yes", "--forward-scale", "'yes'")]
    [InlineData("train iris --forward-scale lecun --optimizer perceptron", "perceptron", "a forward scale")]
    [InlineData("train iris --activation sign", "Layer 1, activation 'sign'", "the perceptron rule")]
    [InlineData("train good.csv --delimiter xy", "Delimiter", "'xy'")]
    [InlineData("train good.csv --decimal ;", "--decimal", "';'")]
    [InlineData("train magic", "train-images-idx3-ubyte", "0x")]
    [InlineData("train short", "train-images-idx3-ubyte", "incomplete")]
    [InlineData("train count", "train-labels-idx1-ubyte", "2 labels")]
    // options of train
    [InlineData("train iris --activation rleu", "activation 'rleu'", "'relu'")]
    [InlineData("train iris --activation tanh,relu,tanh", "Activation", "3")]
    [InlineData("train iris --activation sigmoid(w=2)", "sigmoid", "w=2")]
    [InlineData("train iris --loss crossentropy", "loss", "'cross_entropy'")]
    [InlineData("train iris --output softmax --loss binary_cross_entropy --hidden softmax", "--hidden", "'softmax'")]
    [InlineData("train iris --output tanh --loss cross_entropy", "'cross_entropy'", "tanh")]
    [InlineData("train iris --optimizer admm", "optimizer", "'adam'")]
    [InlineData("train iris --schedule cosin", "schedule", "'cosine'")]
    [InlineData("train iris --initializer henormal", "initializer", "'he_normal'")]
    [InlineData("train iris --stop validatoin(20)", "stopping rule", "'validation'")]
    [InlineData("train iris --lr -0.1", "--lr", "-0.1")]
    [InlineData("train iris --lr 0", "--lr", "'0'")]
    [InlineData("train iris --lr NaN", "--lr", "'NaN'")]
    [InlineData("train iris --lr 1e9", "--lr", "'1e9'")]
    [InlineData("train iris --lr fast", "--lr", "'fast'")]
    [InlineData("train iris --lr", "--lr", "nothing")]
    [InlineData("train iris --lr 0.1 --lr 0.2", "--lr", "once")]
    [InlineData("train iris --hidden 0", "--hidden", "'0'")]
    [InlineData("train iris --hidden 16,-3", "--hidden", "'-3'")]
    [InlineData("train iris --hidden 99999999999", "--hidden", "'99999999999'")]
    [InlineData("train iris --hidden 1000000,1000000", "Layer 2", "at most")]
    [InlineData("train iris --batch 0", "--batch", "'0'")]
    [InlineData("train iris --test 1", "--test", "'1'")]
    [InlineData("train iris --test -0.1", "--test", "'-0.1'")]
    [InlineData("train iris --validation 2", "--validation", "'2'")]
    [InlineData("train iris --dropout 1", "--dropout", "'1'")]
    [InlineData("train iris --connections 0", "--connections", "'0'")]
    [InlineData("train iris --connections nowhere.txt", "--connections nowhere.txt", "no such file")]
    [InlineData("train iris --connections links.txt", "links.txt, line 2", "3")]
    [InlineData("train iris --connections links2.txt", "links2.txt, line 1", "'2'")]
    [InlineData("train iris --connections links3.txt", "Layer 1", "4×1")]
    [InlineData("train iris --momentum 1.01", "--momentum", "'1.01'")]
    [InlineData("train iris --momentum 0.5..0.9..1", "--momentum", "Two")]
    [InlineData("train iris --momentum 0.9 --optimizer adam", "--momentum", "'adam'")]
    [InlineData("train iris --l2 -1", "--l2", "'-1'")]
    [InlineData("train iris --threads 0", "--threads", "'0'")]
    [InlineData("train iris --seed -1", "--seed", "'-1'")]
    [InlineData("train iris --epochs 0", "--epochs", "'0'")]
    [InlineData("train iris --time 5", "--time", "'5'")]
    [InlineData("train iris --keep first", "--keep", "'first'")]
    [InlineData("train iris --arithmetic slow", "--arithmetic", "'slow'")]
    [InlineData("train iris --every 5", "--every", "--checkpoint")]
    [InlineData("train iris --optimizer lbfgs --batch 32", "lbfgs", "'all'")]
    [InlineData("train iris --optimizer lbfgs --l1 0.1", "lbfgs", "smooth")]
    [InlineData("train iris --model nowhere/iris.safetensors", "--model", "nowhere")]
    [InlineData("train iris --model folder", "--model", "a folder")]
    [InlineData("train iris --model good.csv/model", "--model", "good.csv")]
    [InlineData("train iris --checkpoint nowhere/iris.ckpt", "--checkpoint", "nowhere")]
    [InlineData("train iris --resume nowhere.ckpt", "nowhere.ckpt", "none of this name")]
    [InlineData("train iris --from damaged.safetensors", "damaged.safetensors", "safetensors")]
    // words
    [InlineData("trian", "command 'trian'", "'train'")]
    [InlineData("deploy", "command 'deploy'", "train")]
    [InlineData("serve", "MODEL", "serve")]
    [InlineData("serve damaged.safetensors", "damaged.safetensors", "safetensors")]
    [InlineData("serve damaged.safetensors --port 70000", "--port", "'70000'")]
    [InlineData("train --epoch 5", "option '--epoch'", "'--epochs'")]
    [InlineData("train --recipe quick", "Recipe 'quick'", "plain, table, realmlp")]
    [InlineData("train iris --ensemble 0", "--ensemble", "from 1 to 100")]
    [InlineData("train iris --ensemble 3 --checkpoint c.ckpt", "--checkpoint", "an ensemble of 3")]
    [InlineData("train iris --folds 1", "--folds", "from 2 to 150")]
    [InlineData("train iris --folds 5 --test 0.2", "--folds", "--test")]
    [InlineData("train iris --folds-file none.txt", "--folds-file none.txt", "no such file")]
    [InlineData("train iris --scaling huge", "--scaling", "robust")]
    [InlineData("train iris wine", "'wine'", "[DATA]")]
    [InlineData("evaluate", "MODEL", "evaluate")]
    [InlineData("evaluate model", "DATA", "evaluate")]
    // models
    [InlineData("evaluate nowhere.safetensors iris", "nowhere.safetensors", "none of this name")]
    [InlineData("evaluate damaged.safetensors iris", "damaged.safetensors", "safetensors")]
    [InlineData("evaluate foreign.safetensors iris", "foreign.safetensors", "another program")]
    [InlineData("inspect damaged.safetensors", "damaged.safetensors", "safetensors")]
    [InlineData("inspect folder", "folder", "expected")]
    [InlineData("explain damaged.safetensors iris", "--row", "nothing")]
    [InlineData("export", "MODEL", "export")]
    [InlineData("export damaged.safetensors", "--to", "onnx")]
    [InlineData("export damaged.safetensors --to onnx", "damaged.safetensors", "safetensors")]
    [InlineData("export damaged.safetensors --to onxx", "--to", "'onnx'")]
    [InlineData("import nowhere.onnx", "nowhere.onnx", "none of this name")]
    [InlineData("import damaged.safetensors", "damaged.safetensors", "ONNX model")]
    [InlineData("import folder", "folder", "a folder")]
    [InlineData("onnx-check", "FOLDER", "onnx-check")]
    [InlineData("onnx-check nowhere", "nowhere", "none of this name")]
    [InlineData("onnx-check folder", "folder", "model.onnx")]
    [InlineData("datasets iriss", "'iriss'", "'iris'")]
    [InlineData("datasets moons(noise=-1)", "noise", "-1")]
    [InlineData("datasets --to x.csv", "--to", "NAME")]
    public void IsRefusedByName(string words, string where, string what)
    {
        string line = desk.Run(words).Refused();
        Assert.Contains(where, line, StringComparison.Ordinal);
        Assert.Contains(what, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evaluate iris.safetensors wine", "4 input columns", "13")]
    [InlineData("predict iris.safetensors good.csv", "good.csv, line 1", "'sepal_length'")]
    [InlineData("explain iris.safetensors iris --row 0", "--row", "'0'")]
    [InlineData("explain iris.safetensors iris --row 151", "--row 151", "150")]
    [InlineData("evaluate iris.safetensors iris --weight petal_width", "Data 'iris'", "weight 'petal_width'")]
    [InlineData("evaluate iris.safetensors iris -o x.csv", "-o", "--per-example")]
    [InlineData("predict iris.safetensors iris -o nowhere/x.csv", "nowhere", "folder")]
    [InlineData("export iris.safetensors --to onnx -o -", "-o", "no text")]
    [InlineData("export iris.safetensors --to c --inputs columns", "--inputs", "--to onnx")]
    [InlineData("export iris.safetensors --to onnx --inputs rows", "--inputs", "'rows'")]
    [InlineData("export iris.safetensors --to c -o nowhere/iris.c", "nowhere", "folder")]
    [InlineData("import iris.safetensors", "iris.safetensors", "ONNX model")]
    [InlineData("train digits --from iris.safetensors", "start from", "64 inputs")]
    [InlineData("train iris --hidden 7 --from iris.safetensors", "4-7-3", "4-3-3")]
    [InlineData("train iris --from iris.safetensors --initializer he_normal", "--initializer", "--from")]
    [InlineData("train iris --resume iris.safetensors", "iris.safetensors", "It is a model")]
    [InlineData("predict iris.ckpt iris", "iris.ckpt", "It is a checkpoint")]
    [InlineData("train iris --resume iris.ckpt", "--resume", "--epochs 4")]
    [InlineData("train iris --resume iris.ckpt --epochs 5 --lr 0.5", "--lr", "resumed")]
    [InlineData("train iris --resume iris.ckpt --epochs 5 --hidden 4", "--hidden", "resumed")]
    [InlineData("train wine --resume iris.ckpt --epochs 5", "iris.ckpt", "other data")]
    public void IsRefusedWithAModelByName(string words, string where, string what)
    {
        desk.Run("train iris --hidden 3 --epochs 2 --checkpoint iris.ckpt --quiet").Succeeded();
        string line = desk.Run(words).Refused();
        Assert.Contains(where, line, StringComparison.Ordinal);
        Assert.Contains(what, line, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelWithOneByteChangedIsRefused()
    {
        desk.Run("train iris --hidden 3 --epochs 2 --quiet").Succeeded();
        byte[] bytes = File.ReadAllBytes("iris.safetensors");
        bytes[^5] ^= 1;
        File.WriteAllBytes("iris.safetensors", bytes);
        Assert.Contains("iris.safetensors", desk.Run("predict iris.safetensors iris").Refused(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void FolderThatMayNotBeWrittenToIsRefusedBeforeTraining()
    {
        string folder = Path.Combine(desk.Folder, "readonly");
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess) folder = "/proc";
        else if (OperatingSystem.IsWindows()) Assert.Skip("Folders have no write bit on Windows.");
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string line =
            desk.Run("train", "digits", "--epochs", "1000000", "--model",
            Path.Combine(folder, "x.safetensors")).Refused();
        Assert.Contains("--model", line, StringComparison.Ordinal);
        Assert.Contains(folder, line, StringComparison.Ordinal);
    }

    public void Dispose() => desk.Dispose();

    private void Idx(string folder, uint imageMagic, int images, int labels, int cut)
    {
        byte[] pixels = new byte[16 + images * 4 - cut], classes = new byte[8 + labels];
        BinaryPrimitives.WriteUInt32BigEndian(pixels, imageMagic);
        BinaryPrimitives.WriteInt32BigEndian(pixels.AsSpan(4), images);
        BinaryPrimitives.WriteInt32BigEndian(pixels.AsSpan(8), 2);
        BinaryPrimitives.WriteInt32BigEndian(pixels.AsSpan(12), 2);
        BinaryPrimitives.WriteUInt32BigEndian(classes, 0x801);
        BinaryPrimitives.WriteInt32BigEndian(classes.AsSpan(4), labels);
        classes[^1] = 1;
        desk.Write($"{folder}/train-images-idx3-ubyte", pixels);
        desk.Write($"{folder}/train-labels-idx1-ubyte", classes);
    }
}
