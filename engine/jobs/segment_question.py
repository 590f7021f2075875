"""What is asked of every scan of a job, checked once: phrases, plane, cleaning, device, and how masks are written."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from engine.bundle.reader import Bundle
from engine.contract.control import Emit
from engine.contract.errors import InputError
from engine.contract.events import Log
from engine.contract.jobs import Segment
from engine.inference.axis import Axis, known_axis
from engine.inference.refine import Refinement
from engine.inference.runtime import Device, known_device
from engine.inference.segment import check_label, check_presence
from engine.jobs.segment_flat import check_overlap
from engine.jobs.segment_writing import Writer


@dataclass(frozen=True)
class Question:
    """One for all scans of a job, wherever they are segmented."""

    job: Segment
    bundle: Bundle
    prompts: tuple[str, ...]
    plane: Axis
    refinement: Refinement
    device: Device
    writer: Writer

    @classmethod
    def of(cls, job: Segment, bundle: Bundle, emit: Emit, job_id: str) -> Question:
        """Raises InputError, OutOfRange and UnknownName for what cannot be asked of this bundle."""
        plane = (known_axis(job.axis) if job.axis else None) or bundle.manifest.plane
        prompts = _prompts(job, bundle, emit, job_id)
        check_label(bundle.manifest, job.label)
        check_overlap(job, prompts)
        writer = Writer.of(job, bundle, prompts, plane)
        refinement = Refinement.of(asdict(job))
        return cls(job, bundle, tuple(prompts), plane, refinement, known_device(job.device), writer)


def check_alone(job: Segment) -> None:
    """What is wrong with a job whatever its bundle. Raises InputError, OutOfRange, UnknownName."""
    if job.axis:
        known_axis(job.axis)
    if job.slices and (job.save or len(job.slices) != 2):
        raise InputError(
            "A few slices are asked for a look only, by the first and the last of them.",
            hint="Leave slices out, or save nothing (save: false) and give two numbers.",
            field="slices",
        )
    Refinement.of(asdict(job))
    known_device(job.device)
    check_presence(job.presence)
    if job.cluster and not job.save:
        raise InputError(
            "In a cluster, masks are written: nothing is only looked at there.",
            hint="Leave cluster out, or save (save: true).",
            field="cluster",
        )


def _prompts(job: Segment, bundle: Bundle, emit: Emit, job_id: str) -> list[str]:
    given = list(dict.fromkeys(" ".join(prompt.split()) for prompt in job.prompts))
    first: dict[str, str] = {}  # by the label that is meant: asked twice it would be two segments of one number
    prompts = []
    for prompt in given:
        label = bundle.manifest.label_named(prompt)
        earlier = first.setdefault(label.name, prompt) if label else prompt
        if earlier == prompt:
            prompts.append(prompt)
        else:
            emit(Log(job_id, f"{prompt!r} and {earlier!r} mean the same label of {bundle.name}: asked once."))
    if any(not prompt for prompt in prompts):
        raise InputError("A phrase is empty.", hint="Type what to look for, such as 'polyp'.", field="prompts")
    prompts = prompts or [label.name for label in bundle.manifest.labels]
    if not prompts:
        raise InputError(
            f"{bundle.name} has no labels of its own, so it must be told what to look for.",
            hint='Add a phrase: --prompt "polyp".',
            field="prompts",
        )
    return prompts
