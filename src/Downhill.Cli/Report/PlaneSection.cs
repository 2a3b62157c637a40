namespace Downhill.Cli.Report;

/// <summary>With two inputs everything the network has learned fits in one picture: its answer at every
/// point.</summary>
internal static class PlaneSection
{
    private const int Grid = 150, MostPoints = 1200;

    public static bool Fits(ReportFacts facts) =>
        facts.Source is { NumericCount: 2, CategoryCount: 0 }
        && (facts.IsClass ? facts.Target.Classes.Count == 2
            : facts.Target.IsNumeric && facts.Target.Names.Count == 1);

    public static void Write(Markup page, ReportFacts facts)
    {
        Dataset data = facts.Plan.Data;
        Axis x = Range(data, 0), y = Range(data, 1);
        (double centre, double reach) = facts.IsClass ? (0, 1) : Spread(data);
        float[] field = new float[Grid * Grid], outputs = new float[facts.Preparation.Outputs];
        for (int row = 0; row < Grid; row++)
            for (int column = 0; column < Grid; column++)
            {
                float[] point =
                [
                    (float)(x.Low + (column + 0.5) / Grid * (x.High - x.Low)),
                    (float)(y.High - (row + 0.5) / Grid * (y.High - y.Low)),
                ];
                facts.Model.Predict(point, outputs);
                field[row * Grid + column] = facts.IsClass ? (float)Lead(facts, outputs)
                    : (float)((outputs[0] - centre) / reach);
            }
        if (!field.All(float.IsFinite)) return;
        page.AddConstant("<section id=\"plane\"><h2>The whole plane</h2><div class=\"pair wide\">\n");
        string note = facts.IsClass
            ? $"blue where the answer is {facts.Target.Classes[1]}, orange where it is {facts.Target.Classes[0]}"
            + $"; pale where it is not sure"
            : $"blue above {Written.Number(centre)}, orange below; full at ±{Written.Number(reach)}";
        SquarePlot plot = new(page, "The answer at every point", note,
            "The answers of the network over the range of the two inputs, with the rows of the data.",
            (x, ClassSection.Cut(data.Inputs[0].Name, 30)), (y, ClassSection.Cut(data.Inputs[1].Name, 30)),
                percent: false);
        page.Add($"<image class=\"smooth\" width=\"{SquarePlot.Width}\" height=\"{SquarePlot.Width}"
            + $"\" preserveAspectRatio=\"none\" href=\"{PixelPicture.Field(field, Grid)}\"/>\n");
        int every = (data.Rows + MostPoints - 1) / MostPoints;
        for (int row = 0; row < data.Rows; row += every)
        {
            double left = plot.X(data.Numeric[2 * row]), top = plot.Y(data.Numeric[2 * row + 1]);
            bool isBall = facts.IsClass ? data.Classes[row] == 1 : data.Values[row] >= centre;
            // Two shapes, so that nobody needs the colours: balls and triangles.
            if (isBall) page.Add($"<circle class=\"ball-a\" cx=\"{left}\" cy=\"{top}\" r=\"3\"/>");
            else page.Add($"<path class=\"ball-b\" d=\"M{left} {top - 3.6}l3.4 6h-6.8z\"/>");
        }
        page.AddConstant("\n");
        plot.Close();
        string ball = facts.IsClass ? facts.Target.Classes[1] : $"{Written.Number(centre)} or more";
        string triangle = facts.IsClass ? facts.Target.Classes[0] : $"below {Written.Number(centre)}";
        page.Add($"<p class=\"key\"><svg width=\"16\" height=\"16\" aria-hidden=\"true\">"
            + $"<circle class=\"ball-a\" cx=\"8\" cy=\"8\" r=\"5\"/></svg> {ball}<br/>"
            + $"<svg width=\"16\" height=\"16\" aria-hidden=\"true\">"
            + $"<path class=\"ball-b\" d=\"M8 2l6 11h-12z\"/></svg> {triangle}<br/><span>"
            + $"{(every > 1 ? $"every {every}th of " : "")}{Written.Plural(data.Rows, "row")} of {data.Name}"
            + $"</span></p></div></section>\n");
    }

    /// <summary>How far class 1 leads before class 0, from −1 to 1.</summary>
    private static double Lead(ReportFacts facts, float[] outputs)
    {
        (double low, double high) = (facts.Preparation.TargetLow, facts.Preparation.TargetHigh);
        return facts.Preparation.SingleOutput ? 2 * (outputs[0] - low) / (high - low) - 1
            : (outputs[1] - outputs[0]) / (high - low);
    }

    private static IEnumerable<double> Column(Dataset data, int column) =>
        Enumerable.Range(0, data.Rows).Select(row => (double)data.Numeric[2 * row + column]);

    /// <summary>The data's range and a little more.</summary>
    private static Axis Range(Dataset data, int column)
    {
        double low = Column(data, column).Min(), high = Column(data, column).Max();
        double room = high > low ? 0.06 * (high - low) : 1;
        return Axis.Between(low - room, high + room, 6);
    }

    private static (double Centre, double Reach) Spread(Dataset data)
    {
        double low = data.Values.Min(), high = data.Values.Max();
        return ((low + high) / 2, Math.Max((high - low) / 2, 1e-30));
    }
}
