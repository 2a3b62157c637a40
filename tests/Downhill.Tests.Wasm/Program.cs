return Downhill.Checks.EngineChecks.RunAll(Console.Out);
