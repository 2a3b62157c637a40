using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Downhill.Playground;

namespace Downhill.Cli;

/// <summary>How fast the playground is on this machine, by its own messages, beside the engine alone.</summary>
/// <param name="Bare">Examples per second of the engine alone, training 2-8-8-1 in batches of 10, portable
/// arithmetic.</param>
/// <param name="Inside">The same inside the playground, without a picture.</param>
/// <param name="Pictures">Frames per second with 17 maps of 50×50 and one of 200×200, when training gets 10 ms of
/// each.</param>
/// <param name="PictureSeconds">Of one frame without training.</param>
/// <param name="FrameBytes">Of one such reply.</param>
/// <param name="FirstSeconds">From nothing to the first picture: session, catalogs, settings, frame.</param>
/// <param name="SurfaceSeconds">Of an error surface of 60×60 points over 500 examples, 2-4-2-2.</param>
/// <param name="CoarseSeconds">Of its first, coarse picture of 15×15.</param>
internal sealed record PlaygroundSpeed(
    double Bare, double Inside, double Pictures, double PictureSeconds, int FrameBytes, double FirstSeconds,
    double SurfaceSeconds, double CoarseSeconds)
{
    private const string Hash = "#v=1&data=spiral&layers=8,8";
    private const string Want = "\"want\":{\"units\":50,\"output\":200,\"parameters\":true,\"measures\":true,\"loss\":"
        + "{\"timeline\":0,\"since\":0}}";

    /// <summary>Measures, a few seconds.</summary>
    /// <param name="seconds">Of each window.</param>
    /// <param name="byProcessorTime">Whether only time this process had a processor counts, for a busy machine.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static PlaygroundSpeed Measure(double seconds, bool byProcessorTime, CancellationToken cancellation)
    {
        double Now() => byProcessorTime ? Environment.CpuUsage.TotalTime.TotalSeconds
            : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
        double began = Now();
        using Session session = new("native");
        int id = 0, bytes = 0;
        byte[] Ask(string request)
        {
            cancellation.ThrowIfCancellationRequested();
            byte[] reply = session.Answer($"{{\"id\":{++id},{request}}}");
            bytes = reply.Length;
            return reply;
        }
        Ask("\"do\":\"hello\"");
        Ask($"\"do\":\"open\",\"hash\":\"{Hash}\"");
        Ask($"\"do\":\"frame\",\"budget\":0,\"train\":false,{Want}");
        double first = Now() - began;

        string train = $"\"do\":\"frame\",\"budget\":{(seconds * 1000).ToString(CultureInfo.InvariantCulture)}"
            + $",\"train\":true";
        Ask(train); // until the code is compiled for speed
        Ask(train);
        List<double> inside = [], bare = [];
        using TrainSession<float> engine = Engine();
        Bare();
        for (int window = 0; window < 5; window++)
        {
            bare.Add(Bare());
            double start = Now();
            long examples = Examples(Ask(train));
            inside.Add(examples / (Now() - start));
        }
        for (int i = 0; i < 20; i++) Ask($"\"do\":\"frame\",\"budget\":0,\"train\":false,{Want}");
        double picture = Frames(0), pictures = Frames(10);
        int frameBytes = bytes;
        Ask("\"do\":\"open\",\"hash\":\"#v=1&data=circle&rows=500&train=1&layers=4,2\"");
        double coarse = Surface(15), fine = Surface(60);
        return new(Median(bare), Median(inside), pictures, 1 / picture, frameBytes, first, fine, coarse);

        double Surface(int size)
        {
            List<double> times = [];
            for (int k = 0; k < 7; k++)
            {
                double start = Now();
                Ask($"\"do\":\"surface\",\"first\":[0,0,0],\"second\":[0,1,0],\"size\":{size}");
                times.Add(Now() - start);
            }
            return Median(times);
        }

        // Frames per second, pulled one after another.
        double Frames(int budget)
        {
            int frames = 0;
            double start = Now();
            while (Now() - start < 2 * seconds || frames < 10)
            {
                Ask($"\"do\":\"frame\",\"budget\":{budget},\"train\":{(budget > 0 ? "true" : "false")},{Want}");
                frames++;
            }
            return frames / (Now() - start);
        }

        double Bare()
        {
            long examples = 0;
            double start = Now();
            while (Now() - start < seconds)
                for (int i = 0; i < 1000; i++) examples += engine.Step().Rows;
            double taken = Now() - start;
            engine.State.History.Clear();
            return examples / taken;
        }
    }

    private static TrainSession<float> Engine() =>
        FitPlan.Make(Dataset.Load("playground_spiral(rows=500,noise=0,seed=1)"), new()
        {
            Hidden = [8, 8], Activation = [Activations.Tanh], Output = Activations.Tanh, Loss = Losses.Euclidean,
            Optimizer = Optimizers.GradientDescent, LearningRate = 0.03, Batch = 10, Epochs = int.MaxValue,
            TestShare = 0.5,
            KeepBest = false,
            Scaling = Scaling.None, Seed = 1, Threads = 1, Arithmetic = Arithmetic.Portable,
        }).Start();

    private static long Examples(byte[] reply)
    {
        int length = BitConverter.ToInt32(reply, 4);
        using JsonDocument header = JsonDocument.Parse(reply.AsMemory(8, length));
        return header.RootElement.GetProperty("speed").GetProperty("examples").GetInt64();
    }

    private static double Median(List<double> figures) => figures.Order().ElementAt(figures.Count / 2);
}
