(** One leaf at one state: majorants at the corners of a part of the leader's mixtures
    (exactqse/kernel/stage.py, for a myopic follower).

    A corner of depth [k] holds, for each member of a cell, enclosures of the exponent [x] and the value
    [y] at [p + k] bits: the midpoint of two corners is exact. *)
From Coq Require Import Reals ZArith List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums FixedPoint Exponential Logarithm LogTables JointMajorant.
Import ListNotations.
Open Scope R_scope.

(** What a certificate says of a leaf's follower action: a majorant with its parameter [n / d], or the
    corner at which it is to touch. *)
Inductive hint := HUp (n d : positive) | HDown (n d : positive) | HTouch (corner : nat).
Inductive entry := ESplit (i j : nat) | ELeaf (hints : list hint) (shift : Z).

(** Parameters, with an upper bound of [ln (n / d)], in units, which all corners share. *)
Inductive parameter := PUp (n d : positive) | PDown (n d : positive) (log : Z).

Definition of_parameter (m : parameter) : majorant :=
  match m with
  | PUp n d => Up (IZR (Zpos n) / IZR (Zpos d))
  | PDown n d _ => Down (IZR (Zpos n) / IZR (Zpos d))
  end.

Definition value := (interval * interval)%type.     (* x, y *)
Definition corner := (Z * list value)%type.         (* depth, of each member *)
Definition part := list corner.

Lemma ratio_pos n d : 0 < IZR (Zpos n) / IZR (Zpos d).
Proof. apply Rdiv_lt_0_compat; apply IZR_lt; reflexivity. Qed.

Section Stage.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Variable c : ln_tables.
Hypothesis Hc : sound_tables p c.
Let Hu : 0 < unit p := unit_pos p Hp.

(** ** The upper end of a majorant at a corner *)
Definition upper_end (lam : interval) (shift : Z) (m : parameter) (v : value) : option Z :=
  let '(x, y) := v in
  match m with
  | PUp n d =>
      let z := (snd x + scale_up (snd y - fst lam) (Zpos d) (Zpos n) - Z.shiftl shift p - one p)%Z in
      match exp_above p c z with
      | Some e => Some (scale_up e (Zpos n) (Zpos d))
      | None => None
      end
  | PDown n d k =>
      let gap := (fst lam - snd y)%Z in
      if (0 <? gap)%Z then
        match quick_log p c gap p with
        | Some l => Some (- scale_down (one p + fst x - Z.shiftl shift p + fst l - k) (Zpos n) (Zpos d))%Z
        | None => None
        end
      else None
  end.

Definition parameter_ok (m : parameter) : Prop :=
  match m with
  | PUp _ _ => True
  | PDown n d k => ln (IZR (Zpos n) / IZR (Zpos d)) * unit p <= IZR k
  end.

Lemma upper_end_correct lam L shift m x y q w h :
  parameter_ok m -> encloses p lam L -> encloses p x q -> encloses p y w ->
  upper_end lam shift m (x, y) = Some h ->
  applies L (of_parameter m) w /\
  majorant_value L (of_parameter m) (q - IZR shift) w * unit p <= IZR h.
Proof.
  intros Hm [L1 L2] [X1 X2] [Y1 Y2]. destruct m as [n d|n d k]; simpl in *.
  - set (z := (snd x + scale_up (snd y - fst lam) (Zpos d) (Zpos n) - Z.shiftl shift p - one p)%Z).
    destruct (exp_above p c z) as [e|] eqn:E; [|discriminate]. intros H; injection H as <-.
    apply exp_above_correct in E; [|assumption|exact Hc].
    pose proof (ratio_pos n d) as Hs. pose proof (ratio_pos d n) as Hi. split; [exact Hs|].
    set (s := IZR (Zpos n) / IZR (Zpos d)) in *.
    assert (Ei : IZR (Zpos d) / IZR (Zpos n) = / s).
    { unfold s. assert (0 < IZR (Zpos n)) by (apply IZR_lt; reflexivity).
      assert (0 < IZR (Zpos d)) by (apply IZR_lt; reflexivity). field. lra. }
    rewrite Ei in Hi.
    eapply Rle_trans; [|apply scale_up_ge; reflexivity]. fold s. rewrite Rmult_comm, (Rmult_comm s), <- Rmult_assoc.
    apply Rmult_le_compat_r; [lra|]. rewrite Rmult_comm. eapply Rle_trans; [|exact E].
    apply Rmult_le_compat_r; [lra|]. apply exp_mono. apply Rmult_le_reg_r with (unit p); [assumption|].
    replace (IZR z / unit p * unit p) with (IZR z) by (field; lra).
    unfold z. rewrite !minus_IZR, plus_IZR, shiftl_unit, one_unit by assumption.
    pose proof (scale_up_ge (snd y - fst lam) (Zpos d) (Zpos n) ltac:(reflexivity)) as S.
    rewrite Ei, minus_IZR in S.
    assert (((w - L) / s) * unit p <= (IZR (snd y) - IZR (fst lam)) * / s).
    { unfold Rdiv. replace ((w - L) * / s * unit p) with ((w * unit p - L * unit p) * / s) by ring.
      apply Rmult_le_compat_r; lra. }
    lra.
  - destruct (Z.ltb_spec 0 (fst lam - snd y)) as [Hg|]; [|discriminate].
    destruct (quick_log p c (fst lam - snd y) p) as [l|] eqn:El; [|discriminate].
    intros H; injection H as <-. rename Hm into Ek.
    pose proof (ratio_pos n d) as Hs.
    apply quick_log_correct in El; [|assumption|assumption]. destruct El as [El _].
    set (s := IZR (Zpos n) / IZR (Zpos d)) in *.
    apply IZR_lt in Hg. rewrite minus_IZR in *.
    assert (HwL : w < L) by (apply Rmult_lt_reg_r with (unit p); lra).
    split; [split; assumption|]. rewrite opp_IZR.
    rewrite <- Ropp_mult_distr_l. apply Ropp_le_contravar.
    eapply Rle_trans; [apply scale_down_le; reflexivity|]. fold s.
    rewrite (Rmult_comm s), Rmult_assoc, (Rmult_comm s), <- Rmult_assoc.
    apply Rmult_le_compat_r; [lra|].
    rewrite minus_IZR, plus_IZR, minus_IZR, plus_IZR, shiftl_unit, one_unit by assumption.
    replace (ln ((L - w) / s)) with (ln (L - w) - ln s).
    2:{ unfold Rdiv. rewrite ln_mult, ln_Rinv by (try apply Rinv_0_lt_compat; lra). ring. }
    assert (IZR (fst l) <= ln (L - w) * unit p).
    { eapply Rle_trans; [exact El|]. apply Rmult_le_compat_r; [lra|]. apply ln_mono.
      - apply Rdiv_lt_0_compat; lra.
      - apply Rmult_le_reg_r with (unit p); [assumption|]. unfold Rdiv.
        rewrite Rmult_assoc, Rinv_l by lra. lra. }
    lra.
Qed.

(** ** Corners and parts *)
Definition at_corner (k : Z) (v : value) : value :=
  (coarse k (fst v), coarse k (snd v)).

Definition value_ok (k : Z) (v : value) (x y : R) : Prop :=
  encloses (p + k) (fst v) x /\ encloses (p + k) (snd v) y.

Definition corner_ok (cell : list nat) (v : corner) (x y : nat -> R) : Prop :=
  (0 <= fst v)%Z /\ Forall2 (fun b v' => value_ok (fst v) v' (x b) (y b)) cell (snd v).

Definition halve_interval (k e f : Z) (x y : interval) : interval :=
  (Z.shiftl (fst x) (k - e) + Z.shiftl (fst y) (k - f), Z.shiftl (snd x) (k - e) + Z.shiftl (snd y) (k - f))%Z.

Lemma halve_interval_correct k e f i j x y : (0 <= e <= k)%Z -> (0 <= f <= k)%Z ->
  encloses (p + e) i x -> encloses (p + f) j y ->
  encloses (p + (k + 1)) (halve_interval k e f i j) ((x + y) / 2).
Proof.
  intros He Hf [L1 H1] [L2 H2]. unfold encloses, halve_interval; simpl.
  rewrite !plus_IZR, !shiftl_unit by lia.
  assert (E : unit (p + (k + 1)) = 2 * unit (p + k)).
  { rewrite Z.add_assoc, (unit_shift (p + k) 1) by lia. change (unit 1) with 2. ring. }
  assert (E1 : unit (p + k) = unit (p + e) * unit (k - e)) by (rewrite <- unit_shift by lia; f_equal; lia).
  assert (E2 : unit (p + k) = unit (p + f) * unit (k - f)) by (rewrite <- unit_shift by lia; f_equal; lia).
  pose proof (unit_pos (k - e) ltac:(lia)) as U1. pose proof (unit_pos (k - f) ltac:(lia)) as U2.
  rewrite E. replace ((x + y) / 2 * (2 * unit (p + k))) with (x * unit (p + k) + y * unit (p + k)) by field.
  rewrite E1 at 1 3. rewrite E2.
  split; apply Rplus_le_compat; rewrite <- Rmult_assoc; apply Rmult_le_compat_r; lra.
Qed.

Fixpoint halve_values (k e f : Z) (v w : list value) : list value :=
  match v, w with
  | a :: v', b :: w' =>
      (halve_interval k e f (fst a) (fst b), halve_interval k e f (snd a) (snd b)) :: halve_values k e f v' w'
  | _, _ => []
  end.

Definition middle (v w : corner) : corner :=
  let k := Z.max (fst v) (fst w) in ((k + 1)%Z, halve_values k (fst v) (fst w) (snd v) (snd w)).

Lemma middle_correct cell v w x y x' y' : corner_ok cell v x y -> corner_ok cell w x' y' ->
  corner_ok cell (middle v w) (fun b => (x b + x' b) / 2) (fun b => (y b + y' b) / 2).
Proof.
  intros [Hv Fv] [Hw Fw]. split; [simpl; lia|]. cbn [middle fst snd].
  revert Fw. generalize (snd w) as ws. induction Fv as [|b a cell vs [Hx Hy] _ IH]; intros ws Fw;
    inversion_clear Fw as [|? a' ? ws' [Hx' Hy'] Fw']; simpl; constructor; auto.
  split; apply halve_interval_correct; assumption || lia.
Qed.

Fixpoint replace_nth (i : nat) (v : corner) (l : part) : part :=
  match l, i with
  | [], _ => []
  | _ :: t, O => v :: t
  | a :: t, S k => a :: replace_nth k v t
  end.

Lemma replace_nth_length i v l : length (replace_nth i v l) = length l.
Proof. revert i. induction l as [|a t IH]; intros [|i]; simpl; auto. Qed.

Lemma replace_nth_error i v l a : (i < length l)%nat ->
  nth_error (replace_nth i v l) a = if (a =? i)%nat then Some v else nth_error l a.
Proof.
  revert i a. induction l as [|b t IH]; intros [|i] [|a] H; simpl in *; try lia; try reflexivity.
  apply IH. lia.
Qed.

Section Cell.
Variables (n : nat) (cell : list nat) (lam : interval) (L : R).
Hypothesis HL : encloses p lam L.

Definition part_ok (v : part) (X Y : nat -> nat -> R) : Prop :=
  length v = n /\ forall a k, nth_error v a = Some k -> corner_ok cell k (X a) (Y a).

(** The stage's function on a simplex with corners X, Y is at most [h]. *)
Definition bounded (X Y : nat -> nat -> R) (h : R) : Prop :=
  forall t, simplex t (seq 0 n) ->
    rsum (fun b => exp (mean t (fun a => X a b) (seq 0 n)) * (mean t (fun a => Y a b) (seq 0 n) - L)) cell <= h.

Definition part_bounded (h : R) (v : part) : Prop := forall X Y, part_ok v X Y -> bounded X Y h.

(** *** Leaves *)
Definition make_down (a b : positive) : option parameter :=
  match quick_log_ratio p c (Zpos a) (Zpos b) with Some k => Some (PDown a b k) | None => None end.

Lemma make_down_ok a b m : make_down a b = Some m -> parameter_ok m.
Proof.
  unfold make_down. destruct (quick_log_ratio _ _ _ _) as [k|] eqn:E; [|discriminate].
  intros H; injection H as <-. now apply quick_log_ratio_correct in E.
Qed.

(** The majorant that touches where the value exceeds lam by [gain] and the exponent is [x]. *)
Definition touching (gain x : Z) : option parameter :=
  match one p with
  | Zpos u =>
      match gain with
      | Zpos g => Some (PUp g u)
      | _ => let weight := match exp_above p c x with Some e => e | None => one p end in
             make_down (Z.to_pos (down (- gain * weight) p)) u
      end
  | _ => None
  end.

Lemma touching_ok gain x m : touching gain x = Some m -> parameter_ok m.
Proof.
  unfold touching. destruct (one p) as [|u|u]; try discriminate.
  destruct gain; try apply make_down_ok. intros H; injection H as <-. exact I.
Qed.

Definition resolve (v : part) (j : nat) (m : hint) : option parameter :=
  match m with
  | HUp a b => Some (PUp a b)
  | HDown a b => make_down a b
  | HTouch k =>
      match nth_error v k with
      | Some (depth, values) =>
          match nth_error values j with
          | Some w => let at_k := at_corner depth w in
                      touching (fst (snd at_k) - snd lam) (fst (fst at_k))
          | None => None
          end
      | None => None
      end
  end.

Fixpoint resolve_all (v : part) (j : nat) (ms : list hint) : option (list parameter) :=
  match ms with
  | [] => Some []
  | m :: rest => match resolve v j m, resolve_all v (S j) rest with
                 | Some a, Some l => Some (a :: l)
                 | _, _ => None
                 end
  end.

Lemma resolve_ok v j h m : resolve v j h = Some m -> parameter_ok m.
Proof.
  destruct h as [a b|a b|k]; simpl.
  - intros H; injection H as <-. exact I.
  - apply make_down_ok.
  - destruct (nth_error v k) as [[depth values]|]; [|discriminate].
    destruct (nth_error values j) as [w|]; [|discriminate]. apply touching_ok.
Qed.

Lemma resolve_all_ok v ms : forall j ps, resolve_all v j ms = Some ps -> Forall parameter_ok ps.
Proof.
  induction ms as [|m ms IH]; simpl; intros j ps; [intros H; injection H as <-; constructor|].
  destruct (resolve v j m) as [a|] eqn:Ea; [|discriminate].
  destruct (resolve_all v (S j) ms) as [l|] eqn:El; [|discriminate]. intros H; injection H as <-.
  constructor; [now apply resolve_ok in Ea|exact (IH _ _ El)].
Qed.

Fixpoint corner_sum (shift k : Z) (ms : list parameter) (vs : list value) : option Z :=
  match ms, vs with
  | [], [] => Some 0%Z
  | m :: ms', v :: vs' =>
      match upper_end lam shift m (at_corner k v), corner_sum shift k ms' vs' with
      | Some a, Some b => Some (a + b)%Z
      | _, _ => None
      end
  | _, _ => None
  end.

Fixpoint leaf_sums (shift : Z) (ms : list parameter) (v : part) : option (list Z) :=
  match v with
  | [] => Some []
  | (k, vs) :: rest => match corner_sum shift k ms vs, leaf_sums shift ms rest with
                       | Some a, Some l => Some (a :: l)
                       | _, _ => None
                       end
  end.

Definition leaf (v : part) (ms : list hint) (shift : Z) : option (list Z) :=
  match resolve_all v 0 ms with
  | Some ps =>
      match leaf_sums shift ps v with
      | Some l => if (shift =? 0)%Z then Some l
                  else if forallb (fun z => z <=? 0)%Z l then Some [0%Z] else None
      | None => None
      end
  | None => None
  end.

Lemma corner_sum_correct shift k (x y : nat -> R) : (0 <= k)%Z -> forall ms b0 vs h,
  Forall parameter_ok ms -> Forall2 (fun b v => value_ok k v (x b) (y b)) b0 vs ->
  corner_sum shift k ms vs = Some h ->
  length ms = length b0 /\
  (forall bm, In bm (combine b0 ms) -> applies L (of_parameter (snd bm)) (y (fst bm))) /\
  rsum (fun bm => majorant_value L (of_parameter (snd bm)) (x (fst bm) - IZR shift) (y (fst bm)))
    (combine b0 ms) * unit p <= IZR h.
Proof.
  intros Hk. induction ms as [|m ms IH]; intros b0 vs h Hok F; inversion_clear F as [|b v b1 vs' Hv F'];
    cbn [corner_sum combine length rsum]; try discriminate.
  - intros H; injection H as <-. split; [reflexivity|]. split; [intros ? []|simpl; lra].
  - destruct (upper_end lam shift m (at_corner k v)) as [a|] eqn:Ea; [|discriminate].
    destruct (corner_sum shift k ms vs') as [t|] eqn:Et; [|discriminate]. intros Eh; injection Eh as Eh; subst h.
    inversion_clear Hok as [|? ? Hm Hms]. destruct (IH b1 vs' t Hms F' Et) as (Hl & Ha & Hs). destruct Hv as [Hx Hy].
    unfold at_corner in Ea.
    apply (upper_end_correct lam L shift m _ _ (x b) (y b) a Hm HL) in Ea; [|now apply coarse_correct..].
    destruct Ea as [A1 A2]. split; [now f_equal|]. split.
    + intros bm [<-|Hin]; [exact A1|auto].
    + rewrite plus_IZR, Rmult_plus_distr_r. cbn [fst snd]. lra.
Qed.

Lemma leaf_sums_correct shift ms v : forall l, leaf_sums shift ms v = Some l ->
  forall a k, nth_error v a = Some k -> exists h, In h l /\ corner_sum shift (fst k) ms (snd k) = Some h.
Proof.
  induction v as [|[d vs] rest IH]; simpl; intros l; [intros _ [|a] k; discriminate|].
  destruct (corner_sum shift d ms vs) as [h|] eqn:Eh; [|discriminate].
  destruct (leaf_sums shift ms rest) as [l'|] eqn:El; [|discriminate]. intros H; injection H as <-.
  intros [|a] k; simpl.
  - intros H; injection H as <-. exists h. now split; [left|].
  - intros H. destruct (IH l' eq_refl a k H) as (g & Hg & E). exists g. now split; [right|].
Qed.

Lemma rsum_combine {T} (f : nat -> R) (l : list nat) (m : list T) : length m = length l ->
  rsum (fun bm => f (fst bm)) (combine l m) = rsum f l.
Proof.
  revert m. induction l as [|a t IH]; intros [|b m]; simpl; try discriminate; [reflexivity|].
  intros H. rewrite IH; [reflexivity|lia].
Qed.

(** Shifted sums: [bounded] for the exponents less [shift]. *)
Lemma leaf_sums_bound shift ms v l X Y (h : R) : (0 < n)%nat -> Forall parameter_ok ms -> part_ok v X Y ->
  leaf_sums shift ms v = Some l -> (forall z, In z l -> IZR z <= h * unit p) ->
  bounded (fun a b => X a b - IZR shift) Y h.
Proof.
  intros Hn Hok [Hlen Hv] El Hl t Ht.
  assert (C : forall a, In a (seq 0 n) -> length ms = length cell /\
    (forall bm, In bm (combine cell ms) -> applies L (of_parameter (snd bm)) (Y a (fst bm))) /\
    rsum (fun bm => majorant_value L (of_parameter (snd bm)) (X a (fst bm) - IZR shift) (Y a (fst bm)))
      (combine cell ms) <= h).
  { intros a Ha. apply in_seq in Ha. destruct (nth_error v a) as [k|] eqn:Ek.
    2:{ apply nth_error_None in Ek. lia. }
    destruct (leaf_sums_correct shift ms v l El a k Ek) as (z & Hz & Ez).
    destruct (Hv a k Ek) as [Hk F].
    destruct (corner_sum_correct shift (fst k) (X a) (Y a) Hk ms cell (snd k) z Hok F Ez) as (Hm & Ha' & Hs).
    split; [assumption|]. split; [assumption|]. apply Rmult_le_reg_r with (unit p); [assumption|].
    eapply Rle_trans; [exact Hs|auto]. }
  assert (Hm : length ms = length cell) by (apply (C 0%nat); apply in_seq; lia).
  rewrite <- (rsum_combine _ cell ms Hm).
  apply (joint_majorant (seq 0 n) (combine cell ms) t L (fun bm => of_parameter (snd bm))
    (fun bm a => X a (fst bm) - IZR shift) (fun bm a => Y a (fst bm)) h Ht).
  - intros bm a Hbm Ha. now apply C.
  - intros a Ha. now apply C.
Qed.

Lemma leaf_correct v ms shift l h : (0 < n)%nat -> leaf v ms shift = Some l ->
  (forall z, In z l -> IZR z <= h * unit p) -> part_bounded h v.
Proof.
  intros Hn. unfold leaf. destruct (resolve_all v 0 ms) as [ps|] eqn:Eps; [|discriminate].
  apply resolve_all_ok in Eps.
  destruct (leaf_sums shift ps v) as [l'|] eqn:El; [|discriminate].
  destruct (Z.eqb_spec shift 0) as [->|Hs].
  - intros H; injection H as <-. intros Hl X Y Hv t Ht.
    pose proof (leaf_sums_bound 0 ps v l' X Y h Hn Eps Hv El Hl t Ht) as B.
    erewrite rsum_ext; [exact B|]. intros b _. simpl. f_equal. f_equal. apply mean_ext. intros; ring.
  - destruct (forallb _ l') eqn:Ef; [|discriminate]. intros H; injection H as <-.
    rewrite forallb_forall in Ef. intros Hl X Y Hv t Ht.
    assert (Hh : 0 <= h).
    { specialize (Hl 0%Z (or_introl eq_refl)). apply Rmult_le_reg_r with (unit p); lra. }
    apply Rle_trans with 0; [|assumption].
    assert (B : bounded (fun a b => X a b - IZR shift) Y 0).
    { apply (leaf_sums_bound shift ps v l'); try assumption. intros z Hz. rewrite Rmult_0_l.
      apply IZR_le, Z.leb_le, Ef, Hz. }
    specialize (B t Ht). set (f := fun b => exp _ * _) in B.
    rewrite (rsum_ext _ (fun b => exp (IZR shift) * f b)).
    + rewrite rsum_scale. pose proof (exp_pos (IZR shift)). nra.
    + intros b _. unfold f. rewrite mean_minus, mean_const by apply Ht.
      rewrite <- Rmult_assoc, <- exp_plus. f_equal. f_equal. ring.
Qed.
End Cell.
End Stage.
