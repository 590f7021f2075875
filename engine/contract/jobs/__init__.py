"""What may be asked of the engine, by the window, the command line or a script."""

from __future__ import annotations

from engine.contract.jobs.data import (
    CheckPhrases,
    Convert,
    DataCache,
    DrawThumbnails,
    EditDataset,
    InspectData,
    ListCases,
    OpenCase,
    PreviewTokens,
    RepairData,
    RepairMask,
    SaveSplit,
)
from engine.contract.jobs.looks import ComparePhrases, DomainShift, PhraseEffect, QuickLook, SplitGain
from engine.contract.jobs.program import Demo, Describe, Doctor, FetchModel, ImportModel, ListModels, PrepareSamples
from engine.contract.jobs.runs import (
    CheckRecipe,
    DrawAnswers,
    Estimate,
    Evaluate,
    Export,
    ForkRun,
    ImportPack,
    ListRuns,
    Pack,
    Report,
    Tune,
)
from engine.contract.jobs.scans import (
    AddCase,
    ListSeries,
    OpenScan,
    Refine,
    Replay,
    SaveMask,
    Segment,
    SegmentPart,
    Surface,
)
from engine.contract.jobs.studies import Benchmark, PlanLabels, ReadStudy, ReadTournament, Search, SteerStudy

Job = (
    Describe
    | InspectData
    | ListCases
    | DrawThumbnails
    | OpenCase
    | SaveSplit
    | DataCache
    | Convert
    | RepairMask
    | RepairData
    | CheckPhrases
    | PreviewTokens
    | EditDataset
    | CheckRecipe
    | Estimate
    | DomainShift
    | QuickLook
    | ComparePhrases
    | Tune
    | ForkRun
    | ListRuns
    | Search
    | SteerStudy
    | ReadStudy
    | Benchmark
    | ReadTournament
    | PlanLabels
    | Evaluate
    | DrawAnswers
    | Report
    | Export
    | Pack
    | ImportPack
    | PhraseEffect
    | SplitGain
    | ListSeries
    | OpenScan
    | Segment
    | SegmentPart
    | Refine
    | Surface
    | SaveMask
    | AddCase
    | Replay
    | PrepareSamples
    | Demo
    | ListModels
    | ImportModel
    | FetchModel
    | Doctor
)

__all__ = [
    "AddCase",
    "Benchmark",
    "CheckPhrases",
    "CheckRecipe",
    "ComparePhrases",
    "Convert",
    "DataCache",
    "Demo",
    "Describe",
    "Doctor",
    "DomainShift",
    "DrawAnswers",
    "DrawThumbnails",
    "EditDataset",
    "Estimate",
    "Evaluate",
    "Export",
    "FetchModel",
    "ForkRun",
    "ImportModel",
    "ImportPack",
    "InspectData",
    "Job",
    "ListCases",
    "ListModels",
    "ListRuns",
    "ListSeries",
    "OpenCase",
    "OpenScan",
    "Pack",
    "PhraseEffect",
    "PlanLabels",
    "PrepareSamples",
    "PreviewTokens",
    "QuickLook",
    "ReadStudy",
    "ReadTournament",
    "Refine",
    "RepairData",
    "RepairMask",
    "Replay",
    "Report",
    "SaveMask",
    "SaveSplit",
    "Search",
    "Segment",
    "SegmentPart",
    "SplitGain",
    "SteerStudy",
    "Surface",
    "Tune",
]
