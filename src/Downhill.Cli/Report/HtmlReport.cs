using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Downhill.Cli.Report;

/// <summary>
/// The page of <c>train --report</c>: everything about a run in one file that needs no network, no other file and no
/// script. Text and plots are HTML and SVG, well-formed as XML; a policy in its head forbids whatever is not in it.
/// </summary>
internal static class HtmlReport
{
    public static void Write(string path, ReportFacts facts)
    {
        byte[] page = Encoding.UTF8.GetBytes(Page(facts));
        AtomicFile.Write(path, stream => stream.Write(page));
    }

    public static string Page(ReportFacts facts)
    {
        Markup page = new();
        string script = Resource("report.js");
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        string name = facts.Plan.Data.Name;
        page.Add($"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/><meta name="color-scheme" content="light dark"/>
            <meta name="generator" content="Downhill {VersionLine.Version}"/>
            <title>{name}: {Headline(facts)} · Downhill</title>
            <style>{new Constant(Resource("report.css"))}</style></head>
            <body><a class="skip" href="#learning">To the plots</a>

            """);
        Head(page, facts);
        page.AddConstant("<main>\n");
        Reproduce(page, facts);
        CurveSection.Write(page, facts);
        if (facts.IsClass) ClassSection.Write(page, facts);
        else if (facts.Target.IsMultiLabel) LabelSection.Write(page, facts);
        else NumberSection.Write(page, facts);
        if (PlaneSection.Fits(facts)) PlaneSection.Write(page, facts);
        if (facts.Importance is not null) ImportanceSection.Write(page, facts, facts.Importance);
        else if (facts.ImportanceLeftOut is string why) ImportanceSection.WriteLeftOut(page, facts, why);
        CostliestSection.Write(page, facts);
        WeightSection.Write(page, facts);
        NetworkSection.Write(page, facts);
        Choices(page, facts);
        page.Add($"</main><footer><p>Written by Downhill {VersionLine.Version}"
            + $". Everything on this page is in this one file.</p></footer>\n");
        page.Add($"<script>{new Constant(script)}</script></body></html>\n");
        return page.ToString();
    }

    private static string Headline(ReportFacts facts)
    {
        Metrics shown = facts.Shown;
        if (facts.Result.Stopped.IsDiverged) return "The run diverged";
        return shown.Accuracy is double accuracy
            ? $"{Written.Percent(accuracy)} of {Written.Plural(shown.Rows, facts.Part + " row")} are right"
                + (shown.PerLabel is null ? "" : " in every label")
            : $"Off by {Written.Number(shown.Mae ?? double.NaN)} on average on "
            + $"{Written.Plural(shown.Rows, facts.Part + " row")}; R² {Written.Number(shown.R2 ?? double.NaN)}";
    }

    private static void Head(Markup page, ReportFacts facts)
    {
        FitPlan plan = facts.Plan;
        string goal = facts.IsClass ? Written.Plural(facts.Target.Classes.Count, "class")
            .Replace("classs", "classes", StringComparison.Ordinal)
            : string.Join(", ", facts.Target.Names.Take(3)) + (facts.Target.Names.Count > 3 ? ", …" : "");
        page.Add($"<header><p class=\"eyebrow\">Training report</p><h1>{plan.Data.Name}</h1><p class=\"lead\">"
            + $"{Headline(facts)}.</p>");
        page.Add($"<p class=\"facts\">A network of <b>{plan.Network.ToString()}</b> units learned {goal} from "
            + $"{Written.Plural(plan.Data.Inputs.Count, "input")} on {Written.Plural(plan.Rows.Length, "row")}. "
            + $"{Stopped(facts)}</p>\n");
        if (facts.Result.Stopped.IsDiverged)
            page.Add($"<p class=\"warning\" role=\"note\"><b>Diverged.</b> {facts.Result.Stopped.Text}"
                + $" The figures below are those of the last weights that were good.</p>\n");
        else if (facts.Result.Stopped.IsCancelled)
            page.AddConstant("<p class=\"warning\" role=\"note\"><b>Interrupted.</b> The run was ended by hand; the "
                + "figures are those of the weights so far.</p>\n");
        page.AddConstant("<ul class=\"summary\">\n");
        foreach ((string part, Metrics? metrics) in ((string, Metrics?)[])[
            ("test", facts.Result.Test), ("validation", facts.Result.Validation), ("train", facts.Result.Train)])
        {
            if (metrics is null) continue;
            string rows = Written.Plural(metrics.Rows, "row");
            bool isFirst = metrics == facts.Shown;
            if (metrics.Accuracy is double accuracy)
            {
                (double low, double high) = ShareInterval.Wilson(accuracy, metrics.Rows);
                Tile(page, $"{part}.accuracy", $"{part} {(metrics.PerLabel is null ? "accuracy" : "rows all right")}",
                    accuracy, Written.Percent(accuracy),
                    part == "train" ? rows : $"{rows}; 95\u00A0% interval {Hundredths(low)}\u00A0–\u00A0"
                        + $"{Hundredths(high)}", isFirst);
                Tile(page, $"{part}.loss", $"{part} loss", metrics.Loss, Written.Number(metrics.Loss),
                    "mean of the rows", false);
            }
            else
            {
                Tile(page, $"{part}.r2", $"{part} R²", metrics.R2 ?? double.NaN,
                    Written.Number(metrics.R2 ?? double.NaN), rows, isFirst);
                Tile(page, $"{part}.rmse", $"{part} RMSE", metrics.Rmse ?? double.NaN,
                    Written.Number(metrics.Rmse ?? double.NaN),
                    $"mean absolute error {Written.Number(metrics.Mae ?? double.NaN)}", false);
            }
        }
        Tile(page, "epochs", "epochs", facts.Epochs, Written.Count(facts.Epochs),
            facts.BestEpoch > 0 ? $"best: {facts.BestEpoch}" : Written.Plural(facts.Result.Steps, "step"), false);
        Tile(page, "parameters", "parameters", plan.Network.ParameterCount, Written.Count(plan.Network.ParameterCount),
            $"{Written.Count(plan.Network.LinkCount)} links", false);
        Tile(page, "seconds", "training time", facts.Result.Seconds, Written.Time(facts.Result.Seconds),
            $"{Speed(facts)} rows/s", false);
        page.AddConstant("</ul></header>\n");

        static string Hundredths(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);
        page.AddConstant("<nav aria-label=\"Sections\"><a href=\"#reproduce\">Reproduce</a>"
            + "<a href=\"#learning\">Learning</a><a href=\"#answers\">Answers</a>");
        if (PlaneSection.Fits(facts)) page.AddConstant("<a href=\"#plane\">Plane</a>");
        if (facts.Importance is not null || facts.ImportanceLeftOut is not null)
            page.AddConstant("<a href=\"#importance\">Columns</a>");
        page.AddConstant("<a href=\"#costliest\">Costliest rows</a>");
        if (WeightSection.Fits(facts)) page.AddConstant("<a href=\"#weights\">Weights</a>");
        page.AddConstant("<a href=\"#network\">Network</a><a href=\"#choices\">Choices</a></nav>\n");
    }

    private static void Tile(Markup page, string key, string name, double value, string text, string note,
        bool isFirst) =>
        page.Add($"<li{new Constant(isFirst ? " class=\"first\"" : "")}><span class=\"name\">{name}</span>"
            + $"<data value=\"{(double.IsFinite(value) ? Written.Exact(value) : "")}\" id=\"{key}\">{text}</data>"
            + $"<span class=\"more\">{note}</span></li>\n");

    private static string Speed(ReportFacts facts) =>
        double.IsFinite(facts.SamplesPerSecond) ? Written.Count((long)Math.Min(1e15, facts.SamplesPerSecond)) : "–";

    private static string Stopped(ReportFacts facts)
    {
        string epochs = Written.Plural(facts.Epochs, "epoch");
        StopReason stopped = facts.Result.Stopped;
        string kept = facts.BestEpoch > 0 ? $" The weights of epoch {facts.BestEpoch}"
            + $", the best on the validation rows, are the result." : "";
        return stopped.Rule switch
        {
            "epochs" => $"It went through all {epochs}.{kept}",
            "cancelled" => $"It was interrupted after {epochs}.{kept}",
            "diverged" => $"It diverged after {epochs}.",
            _ => $"It stopped after {epochs}: {stopped.Text}.{kept}",
        };
    }

    private static void Reproduce(Markup page, ReportFacts facts)
    {
        page.AddConstant("<section id=\"reproduce\"><h2>Do it again</h2>\n");
        page.Add($"<pre tabindex=\"0\" aria-label=\"Command\"><code id=\"command\">{facts.Command}</code></pre>\n");
        string how = facts.Plan.Options.Arithmetic == Arithmetic.Portable
            ? "give the same weights, bit for bit, on every machine"
            : "give the same weights, bit for bit, on the same kind of processor (with --arithmetic portable on every "
            + "machine)";
        string but = facts.Result.Stopped.IsCancelled ? " This run was interrupted; the command goes on past that."
            : facts.Plan.Options.Time is not null
            ? " This run was limited in time, so that a faster machine goes farther." : "";
        const string portable = "--arithmetic portable";
        Constant marked = new(how.Replace(portable, $"<code>{portable}</code>", StringComparison.Ordinal));
        page.Add($"<p class=\"note\">The same data and version {marked}, whatever the number of threads.{but}</p>\n");
        page.Add($"<dl class=\"pairs\"><div><dt>version</dt><dd>{VersionLine.Version}</dd></div><div><dt>weights</dt>"
            + $"<dd class=\"hash\"><span>SHA-256</span> <code id=\"weightsHash\">{facts.Model.WeightsHash}"
            + $"</code></dd></div><div><dt>model</dt><dd><code>{facts.ModelPath}</code></dd></div></dl></section>\n");
    }

    private static void Choices(Markup page, ReportFacts facts)
    {
        FitPlan plan = facts.Plan;
        TrainOptions options = plan.Options;
        page.AddConstant(
            "<section id=\"choices\"><h2>Choices and figures of the run</h2><dl class=\"pairs columns\">\n");
        Pair("data", $"{plan.Data.Name}, {Written.Plural(plan.Data.Rows, "row")}"
            + $"{(plan.Data.Source.Length > 0 ? $"; {plan.Data.Source}" : "")}");
        Pair("rows", $"{Written.Count(plan.Rows.Length)} train, {Written.Count(plan.ValidationRows.Length)}"
            + $" validation, {Written.Count(plan.TestRows.Length)} test");
        Pair("target", facts.IsClass ? $"{plan.Data.Target.Names[0]}: {TableWords.Listed(facts.Target.Classes)}"
            : TableWords.Listed(facts.Target.Names));
        Pair("inputs", TableWords.Listed([.. plan.Data.Inputs.Select(c => c.Name)]));
        Pair("loss", $"{options.Loss}, {(options.Reduction == Reduction.Sum ? "sum" : "mean")} of the rows");
        Pair("update rule", options.Optimizer.ToString() + (options.Optimizer.Method is not null ? ""
            : $", learning rate {Numbers.Text(options.EffectiveLearningRate)}"));
        if (options.Augment.Count > 0) Pair("augmentation", string.Join(", ", options.Augment));
        if (options.LayerRates is not null) Pair("layer rates", options.LayerRates.ToString());
        if (options.ClassWeights is not null) Pair(
            "class weights", string.Join(", ", options.ClassWeights.Select(Written.Number)));
        if (options.Schedules.Count > 0)
            Pair("schedules", string.Join("; ", options.Schedules.Select(s => $"{s.Parameter.Replace('_', ' ')}: "
                + $"{s.Schedule}")));
        Pair("batch", options.Batch == 0 ? "all rows" : Written.Plural(options.Batch, "row"));
        string penalties = string.Join(
            ", ", ((string, double)[])[("l1", options.L1), ("l2", options.L2),
            ("weight decay", options.EffectiveWeightDecay), ("clip", options.Clip)]
            is (string Name, double Value)[] all
                ? all.Where(p => p.Value != 0).Select(p => $"{p.Name} {Numbers.Text(p.Value)}") : []);
        Pair("penalties", penalties.Length == 0 ? "none" : penalties);
        Pair("may stop", $"{Written.Plural(options.Epochs, "epoch")}"
            + $"{(options.Time is TimeSpan time ? $", {Numbers.Text(time.TotalSeconds)} s" : "")}"
            + $"{string.Concat(options.Stop.Select(s => $", {s}"))}");
        Pair("stopped by", $"{facts.Result.Stopped.Rule}: {facts.Result.Stopped.Text}");
        if (facts.Result.Calibration is CalibrationReport calibration)
            Pair("calibrated", TargetWords.Of(calibration));
        Pair("seed", options.Seed.ToString(CultureInfo.InvariantCulture));
        Pair("arithmetic", options.Arithmetic == Arithmetic.Portable ? "portable" : "fast");
        Pair("steps", Written.Count(facts.Result.Steps));
        Pair("time", $"{Written.Time(facts.Result.Seconds)}; {Speed(facts)} rows per second");
        EpochReport[] measured = [.. facts.Result.History.Where(h => double.IsFinite(h.GradientNorm))];
        if (measured.Length > 0) Pair("gradient norm", $"{Written.Number(measured[0].GradientNorm)} at first, "
            + $"{Written.Number(measured[^1].GradientNorm)} at last");
        page.AddConstant("</dl></section>\n");

        void Pair(string term, string text) => page.Add($"<div><dt>{term}</dt><dd>{text}</dd></div>\n");
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
