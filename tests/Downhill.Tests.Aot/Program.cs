return Downhill.Checks.EngineChecks.RunAll(Console.Out, Downhill.Checks.OnnxChecks.All);
