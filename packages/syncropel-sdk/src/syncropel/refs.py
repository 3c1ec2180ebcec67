"""Canonical references: one spelling for each thing in the world.

Two records that carry the same reference are about the same thing, whoever published them.
Nothing is normalised: `ISRC:us…` and `isrc:US…` are two things, because records already out
there were never normalised, and changing the spelling now would break their joins.
"""

from .errors import RefError


def _first(name: str, kind: str, /, **schemes: str | None) -> dict[str, str]:
    """Take the first identifier given, in the documented order of preference."""
    for scheme, identifier in schemes.items():
        if identifier:
            return {"kind": kind, "id": f"{scheme}:{identifier}"}
    raise RefError(f"Ref.{name} requires one of: {', '.join(schemes)}", field=name)


class Ref:
    """Constructors of canonical references; each returns `{"kind": "@…", "id": "…"}`."""

    @staticmethod
    def music_track(
        *, isrc: str | None = None, spotify_id: str | None = None, apple_id: str | None = None
    ) -> dict[str, str]:
        """A recording; the ISRC is preferred, since it belongs to no platform."""
        return _first("music_track", "@music.track", isrc=isrc, spotify=spotify_id, apple=apple_id)

    @staticmethod
    def code_file(
        *, path: str, repo: str | None = None, git_url: str | None = None
    ) -> dict[str, str]:
        """A file of a repository: `github:<owner/name>:<path>` or `git:<url>:<path>`."""
        if not path:
            raise RefError("Ref.code_file requires a non-empty path", field="path")
        if repo:
            return {"kind": "@code.file", "id": f"github:{repo}:{path}"}
        if git_url:
            return {"kind": "@code.file", "id": f"git:{git_url}:{path}"}
        raise RefError("Ref.code_file requires one of: repo, git_url (plus path)", field="repo")

    @staticmethod
    def ops_incident(
        *, pagerduty: str | None = None, linear: str | None = None, url: str | None = None
    ) -> dict[str, str]:
        """An incident, by the tracker that owns it."""
        return _first("ops_incident", "@ops.incident", pagerduty=pagerduty, linear=linear, url=url)

    @staticmethod
    def cal_event(*, uid: str) -> dict[str, str]:
        """A calendar event, by its iCalendar UID."""
        if not uid:
            raise RefError("Ref.cal_event requires a non-empty uid", field="uid")
        return {"kind": "@cal.event", "id": f"icalendar:{uid}"}

    @staticmethod
    def social_person(
        *,
        did: str | None = None,
        email: str | None = None,
        handle: str | None = None,
        name: str | None = None,
    ) -> dict[str, str]:
        """A person: a DID as it is, an e-mail address, or `handle` (the platform) and `name`."""
        if did:
            return {"kind": "@social.person", "id": did}
        if email:
            return {"kind": "@social.person", "id": f"email:{email}"}
        if handle and name:
            return {"kind": "@social.person", "id": f"{handle}:{name}"}
        raise RefError(
            "Ref.social_person requires one of: did, email, or both handle+name", field="did"
        )

    @staticmethod
    def media_photo(*, sha256: str | None = None, url: str | None = None) -> dict[str, str]:
        """A photograph; its hash is preferred, since an address can change its content."""
        return _first("media_photo", "@media.photo", sha256=sha256, url=url)

    @staticmethod
    def media_video(
        *, youtube: str | None = None, vimeo: str | None = None, sha256: str | None = None
    ) -> dict[str, str]:
        """A video, by platform or by hash."""
        return _first("media_video", "@media.video", youtube=youtube, vimeo=vimeo, sha256=sha256)

    @staticmethod
    def doc_text(
        *, doi: str | None = None, url: str | None = None, platform_id: str | None = None
    ) -> dict[str, str]:
        """A document; `platform_id` is written `<platform>:<id>` by the caller."""
        if not (doi or url) and platform_id:
            if ":" not in platform_id:
                raise RefError(
                    f"Ref.doc_text platform_id is '<platform>:<id>'; {platform_id!r} has no ':'",
                    field="platform_id",
                )
            return {"kind": "@doc.text", "id": platform_id}
        if not (doi or url):
            raise RefError("Ref.doc_text requires one of: doi, url, platform_id", field="doi")
        return _first("doc_text", "@doc.text", doi=doi, url=url)

    @staticmethod
    def fin_transaction(
        *, stripe: str | None = None, plaid: str | None = None, iso20022: str | None = None
    ) -> dict[str, str]:
        """A payment, by the system that settled it."""
        return _first(
            "fin_transaction", "@fin.transaction", stripe=stripe, plaid=plaid, iso20022=iso20022
        )

    @staticmethod
    def research_paper(
        *, doi: str | None = None, arxiv: str | None = None, s2: str | None = None
    ) -> dict[str, str]:
        """A paper; the DOI is preferred."""
        return _first("research_paper", "@research.paper", doi=doi, arxiv=arxiv, s2=s2)

    @staticmethod
    def core_thread(*, id: str) -> dict[str, str]:  # noqa: A002 (the published name)
        """A thread of records."""
        if not id:
            raise RefError("Ref.core_thread requires a non-empty id", field="id")
        return {"kind": "@core.thread", "id": f"thread:{id}"}
