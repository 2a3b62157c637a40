using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Downhill.MLNet;

/// <summary>
/// A model as a row-to-row mapping of ML.NET: its custom mapping does the cursors, the schemas and the prediction
/// engine.
/// </summary>
internal static class RowMapping
{
#pragma warning disable CA1812, CS0649 // ML.NET makes the rows and fills them.
    private sealed class FeatureRow
    {
        public VBuffer<float> Features;
    }

    private sealed class ClassRow
    {
        public uint PredictedLabel;
        public VBuffer<float> Score;
    }

    private sealed class AnswerRow
    {
        public bool PredictedLabel;
        public float Probability;
        public float Score;
    }

    private sealed class NumberRow
    {
        public float Score;
    }
#pragma warning restore CA1812, CS0649

    /// <summary>The columns added to those of the input, before anything is fitted.</summary>
    public static SchemaShape Shape(SchemaShape input, MLTask task, MLColumns columns, LabelKeys? keys)
    {
        static void Nothing<TRow>(FeatureRow source, TRow row) { }
        MLContext context = new();
        SchemaDefinition source = Source(columns.Features, width: 1);
        return task switch
        {
            MLTask.Multiclass => Estimator<ClassRow>(context, Nothing, source,
                Classes(keys, count: 1)).GetOutputSchema(input),
            MLTask.Binary => Estimator<AnswerRow>(context, Nothing, source, null).GetOutputSchema(input),
            _ => Estimator<NumberRow>(context, Nothing, source, null).GetOutputSchema(input),
        };
    }

    /// <summary>The mapping of a fitted model.</summary>
    public static ITransformer Of(Model model, MLTask task, MLColumns columns, LabelKeys? keys)
    {
        MLContext context = new();
        int width = model.Preparation.NumericCount, outputs = model.Preparation.Outputs;
        SchemaDefinition source = Source(columns.Features, width);
        IDataView empty = context.Data.LoadFromEnumerable(Array.Empty<FeatureRow>(), source);
        return task switch
        {
            MLTask.Multiclass => Estimator<ClassRow>(
                context, Classify, source, Classes(keys, model.Preparation.Target.Classes.Count)).Fit(empty),
            MLTask.Binary => Estimator<AnswerRow>(context, Answer, source, null).Fit(empty),
            _ => Estimator<NumberRow>(context, Estimate, source, null).Fit(empty),
        };

        void Classify(FeatureRow row, ClassRow result)
        {
            float[] probabilities = Probabilities(Outputs(row));
            result.Score = new VBuffer<float>(probabilities.Length, probabilities);
            // Keys of rows count from 0, those of columns, which ML.NET makes of them, from 1.
            result.PredictedLabel = (uint)probabilities.IndexOf(probabilities.Max());
        }

        void Answer(FeatureRow row, AnswerRow result)
        {
            float[] values = Outputs(row), probabilities = Probabilities(values);
            result.Probability = probabilities[1];
            result.Score = MathF.Log(probabilities[1]) - MathF.Log(probabilities[0]);
            result.PredictedLabel = model.Preparation.ClassOf<float>(values) == 1;
        }

        void Estimate(FeatureRow row, NumberRow result) => result.Score = Outputs(row)[0];

        float[] Outputs(FeatureRow row)
        {
            float[] values = new float[outputs];
            model.Predict(row.Features.IsDense ? row.Features.GetValues() : [.. row.Features.DenseValues()], values);
            return values;
        }

        // One output for two classes: how far it lies from the value that means "not" to the one that means "yes".
        float[] Probabilities(float[] values)
        {
            if (values.Length > 1) return values;
            double low = model.Preparation.TargetLow, high = model.Preparation.TargetHigh;
            float yes = (float)Math.Clamp((values[0] - low) / (high - low), 0, 1);
            return [1 - yes, yes];
        }
    }

    private static CustomMappingEstimator<FeatureRow, TRow> Estimator<TRow>(
        MLContext context, Action<FeatureRow, TRow> map, SchemaDefinition source, SchemaDefinition? result) where TRow
            : class, new() =>
        context.Transforms.CustomMapping(map, contractName: null, source, result);

    private static SchemaDefinition Source(string features, int width)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(FeatureRow));
        SchemaDefinition.Column column = schema[nameof(FeatureRow.Features)];
        column.ColumnName = features;
        column.ColumnType = new VectorDataViewType(NumberDataViewType.Single, width);
        return schema;
    }

    private static SchemaDefinition Classes(LabelKeys? keys, int count)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(ClassRow));
        SchemaDefinition.Column label = schema[nameof(ClassRow.PredictedLabel)];
        label.ColumnType = new KeyDataViewType(typeof(uint), count);
        keys?.AddTo(label);
        SchemaDefinition.Column score = schema[nameof(ClassRow.Score)];
        score.ColumnType = new VectorDataViewType(NumberDataViewType.Single, count);
        if (keys is null) return schema;
        score.AddAnnotation("SlotNames",
            new VBuffer<ReadOnlyMemory<char>>(count, [.. keys.Names.Select(n => n.AsMemory())]),
            new VectorDataViewType(TextDataViewType.Instance, count));
        return schema;
    }
}
