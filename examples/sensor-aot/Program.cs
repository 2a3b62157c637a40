using System.Globalization;
using Downhill;

// Learns the states of a machine from readings of three sensors, then says for each line of its input which state that
// is. As native code it is one file of some megabytes that starts in milliseconds: no runtime, no Python, no network.
const string File = "machine.safetensors";
string[] states = ["idle", "running", "worn"];

if (!System.IO.File.Exists(File))
{
    FitResult fit = Model.Fit(Readings(900), new FitOptions { Hidden = [16], Epochs = 60 });
    Console.WriteLine($"learned: {fit.Test!.Accuracy:P1} of {fit.Test.Rows} readings right");
    fit.Model.Save(File);
}

Predictor predictor = Model.Load(File).CreatePredictor();
Span<float> reading = stackalloc float[3], chances = stackalloc float[3];
while (Console.ReadLine() is string line)
{
    if (!Read(line, reading))
    {
        Console.WriteLine($"'{line}': expected three numbers with blanks between");
        continue;
    }
    int state = predictor.Predict(reading, chances);   // allocates nothing
    Console.WriteLine($"{line}: {states[state]} {chances[state]:P0}");
}

static bool Read(string line, Span<float> reading)
{
    int i = 0;
    foreach (Range part in line.AsSpan().Split(' '))
        if (i == reading.Length || !float.TryParse(line.AsSpan()[part], CultureInfo.InvariantCulture, out reading[i++]))
            return false;
    return i == reading.Length;
}

// Made readings stand for a log of real ones: vibration in mm/s, its frequency in Hz, temperature in °C.
Dataset Readings(int rows)
{
    (double Mean, double Deviation)[][] sensors =
    [
        [(0.3, 0.1), (12, 6), (28, 3)],
        [(1.8, 0.4), (50, 1), (55, 6)],
        [(4.2, 0.9), (47, 2), (68, 7)],
    ];
    RandomStream random = new(seed: 1, RandomStreams.Data);
    float[] numbers = new float[rows * 3];
    int[] classes = new int[rows];
    for (int i = 0; i < numbers.Length; i++)
    {
        classes[i / 3] = i / 3 % states.Length;
        (double mean, double deviation) = sensors[classes[i / 3]][i % 3];
        numbers[i] = (float)(mean + deviation * random.Normal((ulong)i));
    }
    return new Dataset("machine", [new Column("vibration"), new Column("frequency"), new Column("temperature")],
        new Target(["state"], states), numbers, codes: [], classes, values: []);
}
