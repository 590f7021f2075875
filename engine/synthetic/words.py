"""The words of the drawn scenes: shapes, colours, textures, sizes, positions, synonyms and phrase templates."""

from __future__ import annotations

from typing import Final

SHAPES: Final = (
    "disc", "square", "triangle", "oval", "bar", "ring",
    "star", "cross", "crescent", "blob", "hexagon", "heart",
)  # fmt: skip
COLOURS: Final = (
    "red", "orange", "yellow", "green", "cyan", "blue",
    "purple", "pink", "brown", "white", "gray", "black",
)  # fmt: skip
TEXTURES: Final = ("plain", "striped", "dotted", "checkered", "grainy", "shaded")
SIZES: Final = ("small", "medium", "large")
POSITIONS: Final = ("left", "right", "top", "bottom", "center")

WHITE: Final = COLOURS.index("white")
GRAY: Final = COLOURS.index("gray")
BLACK: Final = COLOURS.index("black")
PLAIN: Final = TEXTURES.index("plain")
MEDIUM: Final = SIZES.index("medium")

SHAPE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "disc": ("disc", "circle", "spot"),
    "square": ("square", "box"),
    "triangle": ("triangle",),
    "oval": ("oval", "ellipse", "bean"),
    "bar": ("bar", "stripe", "band"),
    "ring": ("ring", "loop"),
    "star": ("star",),
    "cross": ("cross", "plus"),
    "crescent": ("crescent", "moon"),
    "blob": ("blob", "patch", "lump"),
    "hexagon": ("hexagon",),
    "heart": ("heart",),
}
COLOUR_WORDS: Final[dict[str, tuple[str, ...]]] = {name: (name,) for name in COLOURS} | {
    "gray": ("gray", "gray", "grey"),
    "purple": ("purple", "purple", "purple", "violet"),
}
# In a scene without colour, "bright" and "dark" are what people say.
GRAY_SCENE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "white": ("white", "bright"),
    "gray": ("gray", "gray", "grey"),
    "black": ("black", "dark"),
}
SIZE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "small": ("small", "little", "tiny"),
    "medium": (),
    "large": ("large", "big", "huge"),
}
POSITION_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "left": ("left",),
    "right": ("right",),
    "top": ("top",),
    "bottom": ("bottom",),
    "center": ("center", "center", "middle"),
}
POSITION_LINKS: Final = ("on the", "at the", "in the")
# Nouns that name any object; the last three let a medical noun mean "a thing" before any tuning.
GENERIC_NOUNS: Final = ("object", "thing", "shape", "region", "area", "structure", "lesion", "mass")

# Templates are weighted by repetition: the short ones are what people type.
TEMPLATES: Final = (
    "a photo of a {}", "a photo of a {}", "a photo of the {}", "the {}", "the {}", "a {}", "a {}", "{}", "{}",
    "an image of a {}", "segment the {}", "a picture of the {}", "a scan of a {}", "a close up of a {}",
    "an image of the {}", "find the {}", "one {}",
)  # fmt: skip
# Neutral tails teach the text encoder that words about the picture do not change which object is meant.
NEUTRAL_TAILS: Final = (
    "in this image", "in the picture", "in an ultrasound image", "in a ct scan", "in an mri image",
    "in an endoscopy image", "in an x-ray image", "in the skin image", "in the background",
)  # fmt: skip

# Words that no scene teaches; they get tokens of their own so that names of organs are not shredded.
MEDICAL_WORDS: Final = tuple(
    """polyp polyps lesion lesions tumor tumors tumour tumours nodule nodules mass cyst cysts lung lungs liver kidney
    kidneys spleen heart wound ulcer mole moles melanoma nevus skin colon endoscopy colonoscopy ultrasound breast benign
    malignant x-ray xray chest ct mri dermoscopy image abnormal normal region tissue organ organs cell cells nucleus
    nuclei vessel vessels optic disc cup retina foot bowel stomach bone bones brain edema pneumonia thyroid prostate
    artery vein aorta ventricle ventricular cavity myocardium atrium left right endocardium wall pancreas bladder
    gallbladder spine vertebra rib ribs esophagus trachea uterus fetal head lymph node muscle fat air fluid blood
    cardiac echocardiography echo radiograph microscopy histology pathology gland glands infection opacity hemorrhage
    stroke aneurysm calcification catheter instrument instruments tool surgical tooth teeth jaw hip knee femur diabetic
    body abdomen abdominal pelvis neck hand eye eyes fundus covid metastasis cancer carcinoma adenoma growth hair hairs
    scan slice contrast enhanced medical patient shadow capsule cortex medulla duct tube device""".split()
)
GENERAL_WORDS: Final = tuple(
    """the of a an in on at and with to from is are one two three four five many several big small round oval pointed
    smooth rough colored coloured color colour shaped located size shape texture boundary edge background foreground
    image photo picture drawing scan showing shows visible soft hard bumpy flat raised irregular regular thin thick
    long short wide narrow upper lower central near inside outside around between above below behind this that there
    which not no without middle side part whole surface line lines area zone structure light bright dark pale deep
    clear blurry low high find mark segment show close up all any every each other""".split()
)


def is_held_out(colour: int, shape: int) -> bool:
    """Whether training never shows nor names this pair: one colour for each shape, one shape for each colour."""
    return colour == (shape * 5) % len(COLOURS)


HELD_OUT_PAIRS: Final = tuple(((shape * 5) % len(COLOURS), shape) for shape in range(len(SHAPES)))
