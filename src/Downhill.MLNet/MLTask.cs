namespace Downhill.MLNet;

/// <summary>What the label is, and so which columns a fitted model adds.</summary>
public enum MLTask
{
    /// <summary>A key: adds PredictedLabel (a key) and Score (a probability per class).</summary>
    Multiclass,

    /// <summary>A yes or no: adds PredictedLabel, Probability and Score (log of the odds).</summary>
    Binary,

    /// <summary>A number: adds Score.</summary>
    Regression,
}

/// <summary>The columns that a trainer reads.</summary>
/// <param name="Label">What is to be predicted.</param>
/// <param name="Features">The inputs.</param>
/// <param name="Weight">What a row counts; null for 1 each.</param>
public sealed record MLColumns(string Label, string Features, string? Weight = null);
