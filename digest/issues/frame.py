"""What is frozen of the newsroom with a draft: its publication, its lists, its regions, and the formula's name."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from digest.errors import Refused
from digest.issues.models import Publication
from digest.issues.plan import OwnTemplate
from digest.regions import GENERAL, RegionTree, all_regions
from subscribers import lists as lists_of


class FrameList(BaseModel):
    """One list as it was at the cut-off."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    region: str
    language: str
    position: int

    @property
    def general(self) -> bool:
        """Whether it takes every region's best (ranking rule 11)."""
        return self.region == GENERAL


class FrameRegion(BaseModel):
    """One region as it was at the cut-off."""

    model_config = ConfigDict(frozen=True)

    id: str
    parent: str | None
    names: dict[str, str]
    color: str
    color_dark: str

    def name(self, language: str) -> str:
        """Return its name in a language (or the tongue of a dialect), else in English, else its id."""
        return (
            self.names.get(language)
            or self.names.get(language.split("-", maxsplit=1)[0])
            or self.names.get("en")
            or self.id
        )


class Frame(BaseModel):
    """Everything of the newsroom that an issue is built with; stored as ``Issue.frame``."""

    model_config = ConfigDict(frozen=True)

    formula: str
    publication: dict[str, Any]
    lists: tuple[FrameList, ...]  # in the newsroom's order
    regions: tuple[FrameRegion, ...]
    last_cutoff: str | None = None  # of the last issue that went out, ISO 8601
    # The version of the newsroom's own template that its editions are made with: proofs/mail_templates.py puts it
    # there. It is not dumped, so that an issue made with the product's file is stored as it always was.
    own_template: OwnTemplate | None = Field(default=None, exclude=True)

    @cached_property
    def tree(self) -> RegionTree:
        """Return the tree of regions."""
        return RegionTree({region.id: region.parent for region in self.regions})

    @cached_property
    def by_list(self) -> Mapping[str, FrameList]:
        """Return the lists by id."""
        return {one.id: one for one in self.lists}

    @cached_property
    def by_region(self) -> Mapping[str, FrameRegion]:
        """Return the regions by id."""
        return {one.id: one for one in self.regions}

    @cached_property
    def region_words(self) -> frozenset[str]:
        """Return the ids and names of all regions, case-folded: as topics they would only repeat the region."""
        names = {name.casefold() for region in self.regions for name in region.names.values()}
        return frozenset(
            names | {region.id for region in self.regions} | {r.id.replace("-", " ") for r in self.regions}
        )

    @cached_property
    def house_bylines(self) -> frozenset[str]:
        """Return the bylines that are no author, case-folded."""
        return frozenset(name.casefold() for name in self.publication.get("house_bylines", ()))

    @property
    def newsroom_order(self) -> tuple[str, ...]:
        """Return the ids of all lists in the newsroom's order."""
        return tuple(one.id for one in self.lists)


def freeze(session: Session, publication: Publication, formula: str, last_cutoff: str | None) -> Frame:
    """Read the frame of a publication as it is now; refuses one without lists, or with a list of no region."""
    regions = tuple(
        FrameRegion(id=r.id, parent=r.parent_id, names=r.names, color=r.color, color_dark=r.color_dark)
        for r in all_regions(session)
    )
    found = tuple(
        FrameList(id=one.id, name=one.name, region=one.topic, language=one.language, position=one.position)
        for one in lists_of(session, publication.id)
    )
    if not found:
        raise Refused(f"Publication {publication.id!r} has no lists. Add one: `digest lists add`.")
    _refuse_unknown_regions(found, {region.id for region in regions})
    return Frame(
        formula=formula,
        publication=publication.model_dump(mode="json"),
        lists=found,
        regions=regions,
        last_cutoff=last_cutoff,
    )


def _refuse_unknown_regions(lists: tuple[FrameList, ...], known: set[str]) -> None:
    for one in lists:
        if one.region not in known:
            raise Refused(
                f"List {one.id!r} is about region {one.region!r}, which does not exist. "
                "Add the region (`digest regions import`), or run `digest regions preset starter`."
            )
