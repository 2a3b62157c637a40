namespace Downhill.Cli;

/// <summary>
/// What is called otherwise elsewhere (PyTorch scripts, scikit-learn, Keras, other command lines) and how it is called
/// here, for the remedy of an unknown option or command. The only such table; names that are merely misspelt are
/// <see cref="Suggest"/>'s.
/// </summary>
internal static class Counterparts
{
    /// <summary>Here, as it is written, first; then elsewhere. Where a name elsewhere stands in several lines, the
    /// first that the command has is meant.</summary>
    private static readonly (string Here, string[] Elsewhere)[] Options =
    [
        // what stands without an option
        ("DATA",
            ["--data", "--dataset", "--data-file", "--file", "--input", "--train", "--train-data", "--csv", "-i", "-d",
            "-f"]),
        ("MODEL", ["--model", "--model-file", "--model-path", "--load", "--weights", "-m"]),
        // data
        ("--target",
            ["--label", "--labels", "--label-column", "--response", "--outcome", "-y", "--y", "--class-column"]),
        ("--task", ["--problem", "--problem-type", "--mode", "--type"]),
        ("--task classify", ["--classification", "--classifier", "--classify"]),
        ("--task regress", ["--regression", "--regressor", "--regress"]),
        ("--ignore", ["--drop", "--drop-columns", "--exclude", "--skip"]),
        ("--test", ["--test-size", "--test-split", "--test-fraction", "--test-share", "--holdout"]),
        ("--validation", ["--validation-split", "--validation-fraction", "--validation-data", "--val", "--val-split",
            "--val-size", "--valid"]),
        ("--folds", ["--cv", "--kfold", "--k-fold", "--k-folds", "--n-folds", "--n-splits", "--cross-validation"]),
        ("--weight", ["--sample-weight", "--sample-weights", "--weight-column"]),
        ("--class-weight balanced", ["--balance", "--balanced"]),
        ("--no-header", ["--header", "--noheader"]),
        ("--delimiter", ["--sep", "--separator", "--delim"]),
        ("--missing", ["--na", "--na-values", "--null-values"]),
        // network
        ("--hidden", ["--layers", "--hidden-sizes", "--hidden-units", "--hidden-dim", "--hidden-dims", "--units",
            "--neurons", "--n-hidden", "--num-hidden", "--width", "--architecture", "--arch"]),
        ("--activation", ["--act", "--act-fn", "--nonlinearity", "--hidden-activation"]),
        ("--output", ["--output-activation", "--out-activation", "--last-activation"]),
        ("--batch-norm", ["--bn", "--batch-normalization", "--batch-normalisation"]),
        ("--dropout", ["--drop-rate", "--drop-prob"]),
        ("--initializer", ["--init", "--weight-init", "--kernel-initializer", "--initialization"]),
        ("--scaling", ["--normalize", "--normalise", "--standardize", "--standardise", "--scaler", "--preprocess",
            "--preprocessing"]),
        // learning
        ("--from", ["--pretrained", "--warm-start", "--init-from", "--fine-tune", "--load", "--load-model"]),
        ("--loss", ["--criterion", "--cost", "--objective"]),
        ("--optimizer", ["--opt", "--optim", "--optimiser", "--solver", "--algorithm"]),
        ("--optimizer nesterov", ["--nesterov", "--nesterovs-momentum"]),
        ("--lr", ["--learning-rate", "--learning-rate-init", "--learnrate", "--eta", "--eta0", "--step-size"]),
        ("--schedule", ["--scheduler", "--lr-schedule", "--lr-scheduler", "--lr-decay", "--lr-policy"]),
        ("--schedule \"warmup(steps=100)\"", ["--warmup", "--warmup-steps"]),
        ("--batch", ["--batch-size", "--batchsize", "--mini-batch", "--mini-batch-size", "-b", "--bs"]),
        ("--l2", ["--alpha", "--l2-penalty", "--l2-regularization", "--regularization", "--reg", "--lambda"]),
        ("--weight-decay", ["--wd"]),
        ("--clip",
            ["--grad-clip", "--gradient-clip", "--clip-norm", "--clip-grad-norm", "--max-norm", "--max-grad-norm"]),
        ("--augment", ["--augmentation", "--data-augmentation", "--aug"]),
        ("--ensemble", ["--bagging", "--n-estimators", "--n-models"]),
        // stopping
        ("--epochs",
            ["--max-iter", "--max-epochs", "--n-epochs", "--num-epochs", "--nb-epoch", "--iterations", "--iters",
            "--n-iter", "-e", "-n"]),
        ("--time", ["--max-time", "--time-limit", "--timeout"]),
        ("--stop \"validation(patience=20)\"",
            ["--early-stopping", "--early-stop", "--patience", "--n-iter-no-change"]),
        ("--stop \"change(0.01)\"", ["--tol", "--tolerance"]),
        // run
        ("--seed", ["--random-state", "--random-seed", "--manual-seed", "--rng"]),
        ("--threads", ["--jobs", "--n-jobs", "--num-threads", "--workers", "--num-workers", "-j", "--cpus", "--cores"]),
        ("--model",
            ["--save", "--save-model", "--save-path", "--save-to", "--model-file", "--model-path", "--model-out",
            "-o", "-m", "--out", "--out-file", "--output-file", "--output-path", "--output-model", "--destination"]),
        ("-o", ["--output", "--out", "--out-file", "--output-file", "--output-path", "--save", "--save-to", "--model"]),
        ("--to", ["-o", "--output", "--out", "--save", "--format", "--target", "--as"]),
        ("--every", ["--save-every", "--save-freq", "--checkpoint-every", "--checkpoint-interval"]),
        ("--resume", ["--continue", "--restart", "--resume-from"]),
        ("--report", ["--html", "--html-report"]),
        ("--log", ["--history", "--csv-log", "--log-file"]),
        ("--quiet", ["--silent", "--no-progress", "-q"]),
        ("--probabilities", ["--proba", "--predict-proba", "--scores"]),
        ("--per-example", ["--per-row", "--rows", "--details"]),
        ("--importance", ["--feature-importance", "--permutation-importance"]),
        ("--row", ["--example", "--index", "--sample", "-n"]),
        ("--all", ["--full", "--verbose", "-v"]),
        ("--port", ["-p"]),
        ("--no-browser", ["--headless", "--no-open"]),
        ("--version", ["-v"]),
        ("--help", ["--usage"]),
    ];

    private static readonly (string Here, string[] Elsewhere)[] Commands =
    [
        ("train", ["fit", "learn"]),
        ("evaluate", ["test", "score", "validate", "eval"]),
        ("predict", ["infer", "inference", "apply", "classify", "run"]),
        ("inspect", ["show", "summary", "describe", "view", "print"]),
        ("export", ["convert", "save"]),
        ("import", ["load"]),
        ("play", ["ui", "web", "gui", "demo", "open"]),
        ("serve", ["api", "host", "deploy", "server"]),
        ("datasets", ["data", "list", "samples"]),
        ("--version", ["version"]),
        ("--help", ["help"]),
    ];

    /// <summary>How the option is called here, with its value where one is meant; the name of an argument where what is
    /// meant stands without an option; null where the command has neither.</summary>
    /// <param name="name">As it was typed, with its dashes.</param>
    /// <param name="known">The names of the command's options and arguments.</param>
    public static string? OfOption(string name, IEnumerable<string> known) => Find(Options, name, known);

    /// <summary>The command here, or null.</summary>
    public static string? OfCommand(string name) => Find(Commands, name, null);

    /// <summary>Every line of both tables, for the tests.</summary>
    internal static IEnumerable<(string Here, string Elsewhere, bool IsOption)> All =>
        Options.SelectMany(line => line.Elsewhere.Select(name => (line.Here, name, true)))
            .Concat(Commands.SelectMany(line => line.Elsewhere.Select(name => (line.Here, name, false))));

    private static string? Find((string Here, string[] Elsewhere)[] table, string name, IEnumerable<string>? known) =>
        table.FirstOrDefault(line => line.Elsewhere.Any(other => Same(other, name))
            && known?.Contains(line.Here.Split(' ')[0]) != false).Here;

    // --batch_size, --batchSize and --Batch-Size are one name; -o and --o too.
    private static bool Same(string one, string other) =>
        Letters(one).Equals(Letters(other), StringComparison.OrdinalIgnoreCase);

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
