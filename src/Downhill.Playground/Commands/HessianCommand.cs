using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>
/// The curvature of the error surface at the network's weights (lecture L14), or with <c>at</c> at other values of the
/// two: over <c>first</c> and <c>second</c> alone, or with <c>all</c> over every weight. Reply: <c>loss</c>,
/// <c>gradient</c> (its norm), <c>eigenvalues</c> (the smallest first), <c>kind</c> (minimum, valley, saddle, maximum,
/// plateau, slope), <c>directions</c> of the eigenvectors in the shown plane [[a, b], …] without <c>all</c>; block
/// <c>hessian</c> f64 [n, n]. With <c>gamma</c> and <c>learningRate</c> also how momentum moves along each direction:
/// <c>damping</c> [{<c>regime</c>, <c>radius</c>, <c>criticalGamma</c>}].
/// </summary>
internal sealed record HessianCommand(int[] First, int[] Second, double[]? At, bool All, double? Gamma,
    double LearningRate) : Command
{
    public static HessianCommand Parse(Fields fields)
    {
        (int[] first, int[] second) = PlaneOf.Parse(fields, "hessian");
        double[]? at = fields.Doubles("at");
        if (at is not null && at.Length != 2)
            Throw.Input("Request 'hessian', field 'at'", "two weights", $"{at.Length}", "Write [1, -2].");
        return new(first, second, at, fields.Flag("all"),
            fields.Optional("gamma") is null ? null : fields.Number("gamma", 0, 1),
            fields.Number("learningRate", 1e-9, 1e6, 1));
    }

    public override void Run(Session session, Reply reply)
    {
        PlaneOf plane = PlaneOf.Find(session.Run, First, Second);
        using Curvature curvature = new(session.Run, Free(session.Run, plane, All));
        if (At is not null)
            (curvature.Weights[plane.First], curvature.Weights[plane.Second]) = (At[0], At[1]);
        double[] eigenvalues = Write(curvature, reply.Json, withDirections: !All);
        if (Gamma is double gamma) WriteDamping(eigenvalues, gamma, reply.Json);
        double[,] hessian = curvature.Hessian();
        int n = curvature.Places.Length;
        reply.Block("hessian", [.. hessian.Cast<double>()], n, n);
    }

    /// <summary>The weights that are free: the two, or all there are.</summary>
    public static int[] Free(Run run, PlaneOf plane, bool all)
    {
        if (!all) return [plane.First, plane.Second];
        int[] places = [.. run.Spec.Segments.SelectMany(s => Enumerable.Range(s.Offset, s.Length))];
        return places.Length <= Curvature.MostWeights ? places
            : Throw.Input<int[]>("Curvature over all weights", $"at most {Curvature.MostWeights}", $"{places.Length}",
                "Make the network smaller, or look at two weights.");
    }

    /// <summary>Loss, gradient, eigenvalues and kind at the present weights of a copy.</summary>
    /// <returns>The eigenvalues.</returns>
    public static double[] Write(Curvature curvature, Utf8JsonWriter json, bool withDirections)
    {
        double[] gradient = new double[curvature.Places.Length];
        double loss = curvature.LossAndGradient(gradient), norm = Math.Sqrt(gradient.Sum(g => g * g));
        (double[] values, double[,] vectors) = Curvature.Eigen(curvature.Hessian());
        Reply.WriteNumber(json, "loss", loss);
        Reply.WriteNumber(json, "gradient", norm);
        json.WriteString("kind", Curvature.KindOf(norm, values));
        json.WriteStartArray("eigenvalues");
        foreach (double value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
        if (!withDirections) return values;
        json.WriteStartArray("directions");
        for (int k = 0; k < values.Length; k++)
        {
            json.WriteStartArray();
            for (int i = 0; i < values.Length; i++) json.WriteNumberValue(vectors[i, k]);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        return values;
    }

    private void WriteDamping(double[] eigenvalues, double gamma, Utf8JsonWriter json)
    {
        json.WriteStartArray("damping");
        foreach (double curvature in eigenvalues)
        {
            Damping damping = Damping.Of(curvature, LearningRate, gamma);
            json.WriteStartObject();
            json.WriteString("regime", damping.Regime);
            Reply.WriteNumber(json, "radius", damping.Radius);
            Reply.WriteNumber(json, "criticalGamma", damping.CriticalGamma);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
