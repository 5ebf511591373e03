(** The tree of one cell: its halvings, and of each leaf that it is below the largest sum so far. That is
    tried at fewer bits first, as most leaves are far below it (proofs/rough-bounds.md). *)
From Coq Require Import Reals ZArith List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums FixedPoint LogTables JointMajorant Stage.
Import ListNotations.
Open Scope R_scope.

Definition rough_tables := (Z * ln_tables)%type.     (* of so many bits *)

(** The same corners: [p + d] bits are [p - k] and [d + k] more. *)
Definition coarser (k : Z) (v : part) : part := map (fun w : corner => (fst w + k, snd w)%Z) v.

Section Trees.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Variable c : ln_tables.
Hypothesis Hc : sound_tables p c.
Variable rough : list rough_tables.
Definition sound_rough : Prop := Forall (fun r => (0 <= fst r <= p)%Z /\ sound_tables (fst r) (snd r)) rough.
Hypothesis Hrough : sound_rough.
Let Hu : 0 < unit p := unit_pos p Hp.

Variables (n : nat) (cell : list nat) (lam : interval) (L : R).
Hypothesis Hn : (0 < n)%nat.
Hypothesis HL : encloses p lam L.

Let part_ok := part_ok p n cell.
Let bounded := bounded n cell L.
Let part_bounded (z : Z) : part -> Prop := part_bounded p n cell L (IZR z / unit p).

(** *** Leaves at fewer bits *)
Definition below_at (r : rough_tables) (best : Z) (v : part) (ms : list hint) (shift : Z) : bool :=
  let k := (p - fst r)%Z in
  match leaf (fst r) (snd r) (coarse k lam) (coarser k v) ms shift with
  | Some l => forallb (fun z => Z.shiftl z k <=? best)%Z l
  | None => false
  end.

(** At any of these precisions; the first that is enough ends it. *)
Fixpoint below (rs : list rough_tables) (best : Z) (v : part) (ms : list hint) (shift : Z) : bool :=
  match rs with
  | [] => false
  | r :: rest => if below_at r best v ms shift then true else below rest best v ms shift
  end.

Lemma coarser_ok q v X Y : (0 <= q <= p)%Z -> part_ok v X Y -> Stage.part_ok q n cell (coarser (p - q) v) X Y.
Proof.
  intros Hq [Hl Hv]. split; [unfold coarser; now rewrite map_length|]. intros a w. unfold coarser.
  rewrite nth_error_map. destruct (nth_error v a) as [[d vs]|] eqn:E; cbn [option_map]; [|discriminate].
  intros [= <-].
  destruct (Hv a _ E) as [Hd F]. split; [cbn [fst] in *; lia|]. cbn [fst snd] in *.
  unfold value_ok in *. replace (q + (d + (p - q)))%Z with (p + d)%Z by lia. exact F.
Qed.

Lemma below_at_correct r best v ms shift : (0 <= fst r <= p)%Z -> sound_tables (fst r) (snd r) ->
  below_at r best v ms shift = true -> part_bounded best v.
Proof.
  intros Hq Hr. unfold below_at. set (q := fst r) in *. set (k := (p - q)%Z).
  assert (Hk : (0 <= k)%Z) by (unfold k; lia).
  assert (Eu : unit p = unit q * unit k) by (rewrite <- unit_shift by lia; f_equal; unfold k; lia).
  pose proof (unit_pos q ltac:(lia)) as Uq. pose proof (unit_pos k Hk) as Uk.
  assert (HLq : encloses q (coarse k lam) L).
  { apply coarse_correct; [lia|assumption|]. replace (q + k)%Z with p by (unfold k; lia). exact HL. }
  destruct (leaf _ _ _ _ _ _) as [l|] eqn:El; [|discriminate]. rewrite forallb_forall. intros Hl X Y Hv.
  apply (leaf_correct q ltac:(lia) (snd r) Hr n cell _ L HLq (coarser k v) ms shift l (IZR best / unit p) Hn El).
  - intros z Hz. specialize (Hl z Hz). apply Z.leb_le, IZR_le in Hl. rewrite shiftl_unit in Hl by assumption.
    apply Rmult_le_reg_r with (unit k); [assumption|].
    replace (IZR best / unit p * unit q * unit k) with (IZR best) by (rewrite Eu; field; lra). exact Hl.
  - now apply coarser_ok.
Qed.

Lemma below_correct best v ms shift : below rough best v ms shift = true -> part_bounded best v.
Proof.
  unfold sound_rough in Hrough. revert Hrough. generalize rough as rs. induction rs as [|r rs IH]; simpl; [discriminate|].
  intros F. inversion_clear F as [|? ? [Hq Hr] F']. destruct (below_at r best v ms shift) eqn:E; [|auto].
  intros _. now apply below_at_correct with r ms shift.
Qed.

(** *** The largest sum so far: None before the first leaf *)
Definition raise (best : option Z) (l : list Z) : option Z :=
  match best, l with
  | Some b, _ => Some (fold_left Z.max l b)
  | None, a :: t => Some (fold_left Z.max t a)
  | None, [] => None
  end.

Definition with_leaf (best : option Z) (v : part) (ms : list hint) (shift : Z) : option Z :=
  if match best with Some b => below rough b v ms shift | None => false end then best
  else match leaf p c lam v ms shift with Some l => raise best l | None => None end.

Definition at_least (best : option Z) (z : Z) : Prop := forall b, best = Some b -> (b <= z)%Z.

Lemma raise_correct best l z : raise best l = Some z -> at_least best z /\ forall y, In y l -> (y <= z)%Z.
Proof.
  assert (F : forall t a, (a <= fold_left Z.max t a)%Z /\ forall y, In y t -> (y <= fold_left Z.max t a)%Z).
  { induction t as [|b t IH]; intros a; simpl; [split; [lia|tauto]|].
    destruct (IH (Z.max a b)) as [H1 H2]. split; [lia|]. intros y [<-|Hy]; [lia|auto]. }
  destruct best as [b|], l as [|a t]; cbn [raise]; try discriminate; intros H; injection H as <-.
  - split; [intros d E; injection E as <-; simpl; lia|intros y []].
  - destruct (F (a :: t) b) as [H1 H2]. split; [|exact H2]. intros d E; injection E as <-. exact H1.
  - destruct (F t a) as [H1 H2]. split; [discriminate|]. intros y [<-|Hy]; auto.
Qed.

Lemma part_bounded_higher y z v : (y <= z)%Z -> part_bounded y v -> part_bounded z v.
Proof.
  intros Hyz H X Y Hv t Ht. eapply Rle_trans; [exact (H X Y Hv t Ht)|].
  apply Rmult_le_compat_r; [now apply Rlt_le, Rinv_0_lt_compat|now apply IZR_le].
Qed.

Lemma with_leaf_correct best v ms shift z : with_leaf best v ms shift = Some z ->
  at_least best z /\ part_bounded z v.
Proof.
  unfold with_leaf. destruct (match best with Some b => below rough b v ms shift | None => false end) eqn:E.
  - intros ->. split; [intros b H; injection H as <-; lia|]. now apply below_correct with ms shift.
  - destruct (leaf p c lam v ms shift) as [l|] eqn:El; [|discriminate]. intros H.
    destruct (raise_correct best l z H) as [H1 H2]. split; [assumption|].
    apply (leaf_correct p Hp c Hc n cell lam L HL v ms shift l _ Hn El). intros y Hy.
    replace (IZR z / unit p * unit p) with (IZR z) by (field; lra). now apply IZR_le, H2.
Qed.

(** *** Trees in preorder: the first part on the stack is the part at hand *)
Fixpoint run (es : list entry) (stack : list part) (best : option Z) : option Z :=
  match es, stack with
  | [], [] => best
  | ELeaf ms shift :: es', v :: rest =>
      match with_leaf best v ms shift with
      | Some b => run es' rest (Some b)
      | None => None
      end
  | ESplit i j :: es', v :: rest =>
      match nth_error v i, nth_error v j with
      | Some a, Some b =>
          if (i =? j)%nat then None
          else let m := middle a b in run es' (replace_nth i m v :: replace_nth j m v :: rest) best
      | _, _ => None
      end
  | _, _ => None
  end.

Lemma split_part v X Y i j a b k : part_ok v X Y -> nth_error v i = Some a -> nth_error v j = Some b ->
  k = i \/ k = j ->
  part_ok (replace_nth k (middle a b) v) (fun e b' => moved i j k (fun e' => X e' b') e)
    (fun e b' => moved i j k (fun e' => Y e' b') e).
Proof.
  intros [Hl Hv] Ea Eb Hk. assert (Hkn : (k < length v)%nat).
  { destruct Hk as [->| ->]; apply nth_error_Some; congruence. }
  split; [now rewrite replace_nth_length|]. intros e w. rewrite replace_nth_error by assumption.
  unfold moved. destruct (Nat.eqb_spec e k) as [->|].
  - intros H; injection H as <-. apply middle_correct; auto.
  - auto.
Qed.

Theorem run_correct : forall es stack best z, run es stack best = Some z ->
  at_least best z /\ Forall (part_bounded z) stack.
Proof.
  induction es as [|[i j|ms shift] es IH]; intros [|v rest] best z; simpl; try discriminate.
  - intros ->. split; [intros b H; injection H as <-; lia|constructor].
  - destruct (nth_error v i) as [a|] eqn:Ea; [|discriminate].
    destruct (nth_error v j) as [b|] eqn:Eb; [|discriminate].
    destruct (Nat.eqb_spec i j) as [|Hij]; [discriminate|]. intros E.
    destruct (IH _ _ z E) as [Hz F]. split; [assumption|].
    inversion_clear F as [|? ? B1 F']. inversion_clear F' as [|? ? B2 F''].
    constructor; [|assumption]. intros X Y Hv t Ht.
    assert (Hi : (i < n)%nat) by (destruct Hv as [<- _]; apply nth_error_Some; congruence).
    assert (Hj : (j < n)%nat) by (destruct Hv as [<- _]; apply nth_error_Some; congruence).
    destruct (halves_cover n i j t Hi Hj Hij Ht) as (k & t' & Hk & Ht' & Em).
    assert (B : bounded (fun e b' => moved i j k (fun e' => X e' b') e)
                        (fun e b' => moved i j k (fun e' => Y e' b') e) (IZR z / unit p)).
    { pose proof (split_part v X Y i j a b k Hv Ea Eb Hk) as P. destruct Hk as [->| ->]; [now apply B1|now apply B2]. }
    specialize (B t' Ht'). erewrite rsum_ext; [exact B|]. intros b' _. cbv beta.
    symmetry. f_equal; f_equal; [exact (Em (fun e => X e b'))|exact (Em (fun e => Y e b'))].
  - destruct (with_leaf best v ms shift) as [b|] eqn:E; [|discriminate]. intros H.
    destruct (with_leaf_correct best v ms shift b E) as [B1 B2]. destruct (IH rest (Some b) z H) as [Z1 Z2].
    specialize (Z1 b eq_refl). split; [intros d Hd; specialize (B1 d Hd); lia|].
    constructor; [now apply part_bounded_higher with b|assumption].
Qed.

(** At least [floor], where a floor is given: what is below it needs no closer look. *)
Definition tree_bound (floor : option Z) (es : list entry) (v : part) : option Z := run es [v] floor.

Theorem tree_bound_correct floor es v z X Y : part_ok v X Y -> tree_bound floor es v = Some z ->
  bounded X Y (IZR z / unit p).
Proof.
  intros Hv H. destruct (run_correct es [v] floor z H) as [_ F]. inversion_clear F as [|? ? B _]. exact (B X Y Hv).
Qed.
End Trees.
