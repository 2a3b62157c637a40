using Downhill;
using Downhill.Data;

// 1,797 handwritten digits come along; a folder with the four IDX files of an MNIST-like set does as well.
Dataset digits = DataSource.Open(args.Length > 0 ? args[0] : "digits").Data;
Console.WriteLine($"{digits.Rows} pictures of {digits.Image!.Width}×{digits.Image.Height} pixels");

// Turned, stretched and shifted a little in every epoch, so that one picture is many.
FitResult fit = Model.Fit(digits, new FitOptions
{
    Hidden = [64],
    Epochs = 40,
    Augment = [Augmentations.Affine(rotation: 8, scale: 0.05, shear: 0.05, shift: 0.5)],
});
Console.WriteLine($"{fit.Test!.Accuracy:P1} of {fit.Test.Rows} unseen pictures are read right");
if (digits.Image != new ImageShape(8, 8)) return;

// A digit drawn here: blank is paper, # is ink.
string[] drawing =
[
    "  ####  ",
    " ##  ## ",
    "     ## ",
    "    ##  ",
    "   ##   ",
    "  ##    ",
    " ##     ",
    " ###### ",
];
float[] pixels = [.. drawing.SelectMany(line => line).Select(c => c == '#' ? 16f : 0f)];
Prediction answer = fit.Model.Predict(pixels);
foreach (string line in drawing) Console.WriteLine(line.TrimEnd());
foreach ((float share, int digit) in answer.Values.Select((p, i) => (p, i)).OrderByDescending(a => a.p).Take(3))
    Console.WriteLine($"a {digit}? {share:P1}");
