using Microsoft.ML;
using MulticlassTrainers = Microsoft.ML.MulticlassClassificationCatalog.MulticlassClassificationTrainers;
using BinaryTrainers = Microsoft.ML.BinaryClassificationCatalog.BinaryClassificationTrainers;
using RegressionTrainers = Microsoft.ML.RegressionCatalog.RegressionTrainers;

namespace Downhill.MLNet;

/// <summary>Downhill among ML.NET's own trainers:
/// <c>mlContext.MulticlassClassification.Trainers.Downhill()</c>.</summary>
public static class DownhillTrainers
{
    /// <summary>A multi-layer perceptron that tells classes apart.</summary>
    /// <param name="trainers">The catalog it joins.</param>
    /// <param name="labelColumnName">The class, a key column (<c>Conversion.MapValueToKey</c> makes one).</param>
    /// <param name="featureColumnName">The inputs, a vector of a known number of <see cref="float"/>.</param>
    /// <param name="exampleWeightColumnName">What a row counts, a <see cref="float"/>; null for 1 each.</param>
    /// <param name="options">Network and training; what is left out is chosen from the data.</param>
    /// <returns>An estimator that adds PredictedLabel (a key with the label's values) and Score (a probability per
    /// class).</returns>
    public static DownhillEstimator Downhill(
        this MulticlassTrainers trainers, string labelColumnName = "Label", string featureColumnName = "Features",
        string? exampleWeightColumnName = null, FitOptions? options = null) =>
        new(MLTask.Multiclass, new(labelColumnName, featureColumnName, exampleWeightColumnName), options);

    /// <summary>A multi-layer perceptron that answers yes or no.</summary>
    /// <param name="trainers">The catalog it joins.</param>
    /// <param name="labelColumnName">The answer, a <see cref="bool"/>.</param>
    /// <param name="featureColumnName">The inputs, a vector of a known number of <see cref="float"/>.</param>
    /// <param name="exampleWeightColumnName">What a row counts, a <see cref="float"/>; null for 1 each.</param>
    /// <param name="options">Network and training; what is left out is chosen from the data.</param>
    /// <returns>An estimator that adds PredictedLabel, Probability and Score (log of the odds).</returns>
    public static DownhillEstimator Downhill(
        this BinaryTrainers trainers, string labelColumnName = "Label", string featureColumnName = "Features",
        string? exampleWeightColumnName = null, FitOptions? options = null) =>
        new(MLTask.Binary, new(labelColumnName, featureColumnName, exampleWeightColumnName), options);

    /// <summary>A multi-layer perceptron that estimates a number.</summary>
    /// <param name="trainers">The catalog it joins.</param>
    /// <param name="labelColumnName">The number, a <see cref="float"/>.</param>
    /// <param name="featureColumnName">The inputs, a vector of a known number of <see cref="float"/>.</param>
    /// <param name="exampleWeightColumnName">What a row counts, a <see cref="float"/>; null for 1 each.</param>
    /// <param name="options">Network and training; what is left out is chosen from the data.</param>
    /// <returns>An estimator that adds Score, in the label's units.</returns>
    public static DownhillEstimator Downhill(
        this RegressionTrainers trainers, string labelColumnName = "Label", string featureColumnName = "Features",
        string? exampleWeightColumnName = null, FitOptions? options = null) =>
        new(MLTask.Regression, new(labelColumnName, featureColumnName, exampleWeightColumnName), options);
}
